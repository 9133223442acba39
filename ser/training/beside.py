"""What a training is given beside labelled clips, and what it learns from that."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ser.audio.augment.log_mel import LogMelAugmenter
from ser.domains.adversarial import DomainAdversarial
from ser.domains.coral import DeepCoral
from ser.errors import ConfigurationError
from ser.features.ragged import RaggedFeatures
from ser.features.spectral import LogMel
from ser.models.batching import check_features
from ser.models.network import EmotionNetwork
from ser.models.parameters import NetworkParameters
from ser.models.trained import Json
from ser.semi.fixmatch import FixMatch
from ser.semi.mean_teacher import MeanTeacher
from ser.semi.views import choose_views
from ser.training.auxiliary import Auxiliary
from ser.training.dataset import TrainingClips
from ser.training.parameters import TrainingParameters
from ser.training.sampling import check_groups
from ser.training.view import View


@dataclass(frozen=True, eq=False)
class Beside:
    """Hold checked clips without labels, and the groups of those with labels.

    Args:
        unlabelled: Clips without labels, if something is learned from them.
        groups: Number of the corpus of each labelled clip, int64 ``(N,)``, if batches are
            balanced.
    """

    unlabelled: RaggedFeatures | None = None
    groups: npt.NDArray[np.int64] | None = None

    @classmethod
    def checked(
        cls,
        unlabelled: RaggedFeatures | None,
        groups: npt.NDArray[np.integer] | None,
        *,
        clips: TrainingClips,
        model: NetworkParameters,
        training: TrainingParameters,
    ) -> "Beside":
        """Return them after making sure that the network can learn from them.

        Args:
            unlabelled: Clips without labels.
            groups: Number of the corpus of each labelled clip.
            clips: The labelled clips.
            model: What the network is made of.
            training: What it shall learn.

        Raises:
            ConfigurationError: If what shall be learned needs clips, groups, classes or a layer
                that there are not, clips or groups are given in vain, or they do not fit the
                labelled clips.
        """
        _check_use("unlabelled", unlabelled, training.needs_unlabelled, "`semi` or `domain`")
        _check_use("groups", groups, training.balance_groups, "`balance_groups`")
        if training.semi == "self_training":
            raise ConfigurationError(
                "`semi` is `self_training`, which heads learn by that are solved for by ridge "
                "regression, but this network is trained step by step; set it to `fixmatch`"
            )
        if training.semi != "none" and not clips.targets.posterior.shape[1]:
            raise ConfigurationError(
                f"`semi` is `{training.semi}`, which learns classes, but the network predicts "
                "ratings alone; set it to `none`"
            )
        if training.domain != "none" and not model.embedding_size:
            raise ConfigurationError(
                f"`domain` is `{training.domain}`, which moves the layer under the outputs, but "
                "`embedding_size` is 0: nothing but the outputs is learned; set it, such as to 64"
            )
        if unlabelled is not None:
            _check_unlabelled(unlabelled, clips.versions[0].bands, model.layers)
        if groups is not None:
            groups = check_groups(groups, len(clips.targets), training.batch_size)
        return cls(unlabelled, groups)

    def facts(self) -> dict[str, Json]:
        """Return what the model tells of them, ready for JSON."""
        return {} if self.unlabelled is None else {"unlabelled": len(self.unlabelled)}

    def arrays(self) -> list[npt.NDArray[np.generic]]:
        """Return everything the weights depend on."""
        found: list[npt.NDArray[np.generic]] = []
        if self.unlabelled is not None:
            found += [self.unlabelled.values, self.unlabelled.offsets]
        return found if self.groups is None else [*found, self.groups]

    def build(
        self,
        network: EmotionNetwork,
        clips: TrainingClips,
        *,
        training: TrainingParameters,
        log_mel: LogMel | None,
        augmenter: LogMelAugmenter | None,
        seed: int,
    ) -> list[Auxiliary]:
        """Return what is learned beside the labels, on the device of the network.

        Args:
            network: The network; fresh weights are drawn from torch's global generator.
            clips: The labelled clips.
            training: What is learned, and how.
            log_mel: What the features are, if they are log-mel.
            augmenter: What changes the sound of the labelled clips, if anything does.
            seed: Seed of the training.
        """
        if self.unlabelled is None:
            return []
        found: list[Auxiliary] = []
        semi_seed, domain_seed = np.random.SeedSequence(seed).generate_state(2).tolist()
        if training.semi != "none":
            kind = FixMatch if training.semi == "fixmatch" else MeanTeacher
            found.append(
                kind(
                    self.unlabelled,
                    clips.targets.posterior,
                    views=choose_views(log_mel, has_layers=network.normalisation.mean.ndim > 1),
                    settings=training,
                    seed=semi_seed,
                )
            )
        if training.domain != "none":
            view = View(augmentation=training.augmentation, augmenter=augmenter)
            others = self.unlabelled
            found.append(
                DeepCoral(others, view=view, settings=training, seed=domain_seed)
                if training.domain == "coral"
                else DomainAdversarial(
                    others, network=network, view=view, settings=training, seed=domain_seed
                )
            )
        return [auxiliary.to(training.device) for auxiliary in found]


def _check_use(name: str, given: object, is_used: bool, by: str) -> None:
    if is_used and given is None:
        raise ConfigurationError(
            f"`{name}` must be given, since {by} is set; pass it or unset them"
        )
    if not is_used and given is not None:
        raise ConfigurationError(f"`{name}` is given, but nothing uses it; set {by}")


def _check_unlabelled(features: RaggedFeatures, bands: int, layers: int) -> None:
    if not len(features) or features.bands != bands:
        raise ConfigurationError(
            f"`unlabelled` must hold at least one clip of {bands} bands, but holds "
            f"{len(features)} of {features.bands}"
        )
    check_features(features)
    odd = np.flatnonzero(features.lengths != layers) if layers else np.empty(0)
    if odd.size:
        raise ConfigurationError(
            f"`unlabelled` must have one frame for each of {layers} layers, but the clip at "
            f"{int(odd[0])} has {features.lengths[int(odd[0])]}"
        )
