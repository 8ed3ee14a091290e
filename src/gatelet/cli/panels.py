"""The panels that the help of a command shows its options in: one function each, which makes an option of it."""

from functools import partial

import typer

column = partial(typer.Option, rich_help_panel="Columns", metavar="NAME")
columns = partial(typer.Option, rich_help_panel="Columns", metavar="NAMES")
reading = partial(typer.Option, rich_help_panel="Reading")
classes = partial(typer.Option, rich_help_panel="Classes")
forecast = partial(typer.Option, rich_help_panel="Forecast")
network = partial(typer.Option, rich_help_panel="Network")
training = partial(typer.Option, rich_help_panel="Training")
search = partial(typer.Option, rich_help_panel="Search")
writing = partial(typer.Option, rich_help_panel="Writing")
files = partial(typer.Option, rich_help_panel="Files")
