//! The texts of the types, for people who do not read the program.

/// The same text without links between types, with JSON's word for what is not there, and each paragraph in one line.
pub(super) fn for_readers(text: &str) -> String {
    let paragraphs: Vec<String> = text
        .split("\n\n")
        .map(|paragraph| paragraph.lines().map(str::trim).collect::<Vec<_>>().join(" "))
        .collect();
    without_links(&paragraphs.join("\n\n")).replace("`None`", "`null`")
}

/// ``[`Name`]`` and ``[`Name`](path)`` become `` `Name` ``.
fn without_links(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, linked)) = rest.split_once("[`") {
        plain.push_str(before);
        plain.push('`');
        let Some((name, after)) = linked.split_once("`]") else {
            rest = linked;
            continue;
        };
        plain.push_str(name);
        plain.push('`');
        rest = match after.strip_prefix('(').and_then(|target| target.split_once(')')) {
            Some((_, after)) => after,
            None => after,
        };
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_loses_what_only_the_program_knows() {
        for (written, shown) in [
            ("one\nsentence", "one sentence"),
            ("one\n\ntwo", "one\n\ntwo"),
            ("`None` where it is not", "`null` where it is not"),
            (
                "as [`Name`] says, and [`Other`](super::Other)",
                "as `Name` says, and `Other`",
            ),
            ("[a page](https://example.com)", "[a page](https://example.com)"),
        ] {
            assert_eq!(for_readers(written), shown);
        }
    }
}
