"""serloop corpora."""

import typer

from pipelines.commands import options
from pipelines.commands.session import print_rows


def corpora(
    name: str = typer.Argument("", help="Show one corpus with its expected layout."),
    as_json: options.Json = False,
) -> None:
    """List the corpora serloop reads: licence, languages, classes, where to get them, layout."""
    from pipelines.commands.session import session
    from ser.corpora import CORPORA, find_corpus

    with session(as_json=as_json):
        chosen = [find_corpus(name)] if name else list(CORPORA.values())
    infos = [corpus.info for corpus in chosen]
    rows = [
        {
            "corpus": info.name,
            "languages": " ".join(info.languages) or None,
            "licence": info.licence,
            "classes": ", ".join(info.taxonomy.classes) or "from its labels",
            **({"title": info.title, "where": info.url, "layout": info.layout} if as_json else {}),
        }
        for info in infos
    ]
    print_rows(rows, as_json=as_json)
    if not as_json:
        for info in infos:
            where = f"  Get it: {info.url}\n" if info.url else ""
            typer.echo(f"{info.name}: {info.title}\n{where}  Expected layout:\n{info.layout}\n")
