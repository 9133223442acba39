"""serloop taxonomies."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands import options
from pipelines.commands.session import print_rows, session

if TYPE_CHECKING:
    from pipelines.taxonomy_account import MappingAccount, Taxonomies


def taxonomies(
    source: Annotated[
        str, typer.Argument(help="Taxonomy to map from, or a TOML file that says both.")
    ] = "",
    target: Annotated[
        str, typer.Argument(help="Taxonomy to map to, such as `emotion-4`, or a TOML file.")
    ] = "",
    home: options.Home = None,
    as_json: options.Json = False,
) -> None:
    """Show which classes map to which, rule by rule, and what clips and votes lose by it."""
    from pipelines.taxonomies import is_file
    from pipelines.taxonomy_account import account_mapping, list_taxonomies

    with session(home, as_json=as_json) as run:
        if target:
            _show_account(account_mapping(run.settings, wanted=target, source=source), as_json)
        elif is_file(source):
            _show_account(account_mapping(run.settings, wanted=source), as_json)
        else:
            _show_list(list_taxonomies(run.settings, source=source or None), as_json)


def _show_list(found: "Taxonomies", as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(asdict(found), indent=2))
        return
    print_rows(found.rows(), as_json=False)
    if found.corpora:
        typer.echo("\nin the warehouse")
        print_rows(found.corpora, as_json=False)


def _show_account(found: "MappingAccount", as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(found.record(), indent=2))
        return
    typer.echo(f"{found.mapping.name}: {', '.join(found.mapping.classes)}")
    print_rows(found.rows(), as_json=False)
    for sentence in found.loss.sentences():
        typer.echo(sentence)
    print_rows(found.loss_rows(), as_json=False)
