//! What is said in the visitor's language, with what others said in theirs.

use askama::Template;

/// A sentence of ours, and behind it the words of the PBX, of Microsoft or of the configuration, which are in English and are
/// marked so: whoever has a page read to them hears them as English.
#[derive(Clone, Debug, Default, PartialEq, Eq, Template)]
#[template(path = "said.html")]
pub(crate) struct Said {
    text: String,
    foreign: String,
}

impl Said {
    /// A sentence of ours alone.
    pub(crate) fn ours(text: String) -> Self {
        Self {
            text,
            foreign: String::new(),
        }
    }

    /// A sentence of ours with the words of somebody else.
    pub(crate) fn of(text: String, foreign: impl Into<String>) -> Self {
        Self {
            text,
            foreign: foreign.into(),
        }
    }

    /// Words of somebody else alone.
    pub(crate) fn foreign(foreign: impl Into<String>) -> Self {
        Self::of(String::new(), foreign)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_others_are_marked_and_can_do_nothing() {
        let shown = |said: Said| said.render().unwrap();
        assert_eq!(shown(Said::ours("Gut.".to_owned())), "Gut.");
        assert_eq!(
            shown(Said::of("Schlecht.".to_owned(), "<b>bad</b>")),
            "Schlecht. <span lang=\"en\" dir=\"auto\">&#60;b&#62;bad&#60;/b&#62;</span>"
        );
        assert_eq!(
            shown(Said::foreign("bad")),
            "<span lang=\"en\" dir=\"auto\">bad</span>"
        );
    }
}
