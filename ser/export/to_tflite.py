"""Run by the interpreter of another environment: a program of `ser.export.window` → TFLite.

It imports nothing of this package, which is not installed there.
"""

import sys


def convert(program_file: str, clip: str, path: str) -> None:
    """Write a program as a TFLite file with the inputs `clip` and `lengths`.

    Args:
        program_file: From `ser.export.window.export_window`.
        clip: Name of the first input, `waveforms` or `features`.
        path: The file to write.
    """
    import litert_torch  # type: ignore[import-not-found]  # noqa: PLC0415 - of the other place
    import torch  # noqa: PLC0415 - a module that is imported for tests loads nothing

    class Named(torch.nn.Module):
        """Give inputs and outputs the names that the file shall have."""

        def __init__(self, judge: torch.nn.Module) -> None:
            super().__init__()
            self.judge = judge

        def forward(self, **inputs: torch.Tensor) -> dict[str, torch.Tensor]:
            return {"posterior": self.judge(inputs[clip], inputs["lengths"])}

    program = torch.export.load(program_file)
    values, lengths = program.example_inputs[0]
    named = Named(program.module())
    converted = litert_torch.convert(named, sample_kwargs={clip: values, "lengths": lengths})
    converted.export(path)


if __name__ == "__main__":
    convert(*sys.argv[1:])
