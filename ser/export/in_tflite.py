"""Run by the interpreter of another environment: clips → posteriors of a TFLite file.

It imports nothing of this package, which is not installed there.
"""

import sys


def judge(path: str, batch_file: str, posterior_file: str) -> None:
    """Judge a batch with TFLite's own runtime, clip by clip.

    Args:
        path: The model's file, with the inputs `lengths` and one other.
        batch_file: The arrays `clips`, ``(B, S)`` or ``(B, F, D)`` of the file's size, and
            `lengths`, int32 ``(B,)``, as `numpy.savez` writes them.
        posterior_file: Where the posteriors, ``(B, C)``, are written as `numpy.save` does.
    """
    import numpy as np  # noqa: PLC0415 - both of the other environment
    from ai_edge_litert.interpreter import (  # type: ignore[import-not-found]  # noqa: PLC0415
        Interpreter,
    )

    run = Interpreter(path, num_threads=1).get_signature_runner()
    (name,) = set(run.get_input_details()) - {"lengths"}
    batch = np.load(batch_file)
    said = [
        run(**{name: clip[None], "lengths": length[None]})["posterior"][0]
        for clip, length in zip(batch["clips"], batch["lengths"], strict=True)
    ]
    np.save(posterior_file, np.stack(said))


if __name__ == "__main__":
    judge(*sys.argv[1:])
