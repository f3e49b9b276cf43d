"""The topic `formatting`: tables for people, other forms for scripts."""

from __future__ import annotations

from authctl.cli.help.topic import Code, Definition, Definitions, Paragraph, Section, Topic

TOPIC = Topic(
    name="formatting",
    title="The forms in which authctl prints results",
    summary="Tables, JSON, CSV and TSV; fields, colours and widths.",
    sections=(
        Section(
            "Forms",
            (
                Paragraph(
                    "On a terminal the form is table; into a pipe or a file it is tsv. -o, or"
                    " --output, chooses another:"
                ),
                Definitions(
                    (
                        Definition(
                            "table", "For people: headings, colours, folded to the terminal."
                        ),
                        Definition("tsv", "A line a record, values separated by tabs, no heading."),
                        Definition(
                            "csv", "The same with commas, quoted as RFC 4180 says, and a heading."
                        ),
                        Definition(
                            "json", "One document: a list gives an array, a single thing an object."
                        ),
                        Definition("jsonl", "An object a line."),
                    )
                ),
                Code(
                    "authctl user list -o json\n"
                    "authctl perm list --user alice -o csv\n"
                    "authctl whoami -o jsonl"
                ),
            ),
        ),
        Section(
            "Fields",
            (
                Paragraph(
                    "--fields chooses fields and their order, by their keys in the JSON. There are"
                    " more of them than a table shows; a wrong one is answered with a list of all."
                    " -q prints names only, one a line."
                ),
                Code(
                    "authctl user list --fields id,username\n"
                    "authctl admin list -q\n"
                    "authctl user create ci --generate --fields password"
                ),
                Paragraph(
                    "Keys of JSON are stable: new ones may come, none goes away or changes its"
                    " meaning. The words and widths of tables may change."
                ),
            ),
        ),
        Section(
            "Colours and names",
            (
                Paragraph(
                    "--color is auto, always or never; auto means on a terminal, unless NO_COLOR is"
                    " set."
                ),
                Paragraph(
                    "Users choose their names, and may put line ends or codes that a terminal obeys"
                    r" into them. A terminal sees these as \n or \x1b; tsv and csv escape what"
                    " would break a line. JSON has every name exactly."
                ),
            ),
        ),
    ),
)
