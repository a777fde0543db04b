//! What stands around every page: tabs, instances, language, the way out.

use serde::Deserialize;
use sync_service::language::{Catalogue, argument, number};

use crate::door::Visitor;
use crate::language::Tongue;
use crate::page::Page;
use crate::said::Said;

/// A tab of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tab {
    Overview,
    Settings,
    People,
    Log,
    Licence,
}

impl Tab {
    pub(crate) const ALL: [Self; 5] = [
        Self::Overview,
        Self::Settings,
        Self::People,
        Self::Log,
        Self::Licence,
    ];

    /// The word in addresses, and of its name in the texts.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Settings => "settings",
            Self::People => "people",
            Self::Log => "log",
            Self::Licence => "licence",
        }
    }
}

/// A tab as the frame shows it.
#[derive(Debug)]
pub(crate) struct TabLink {
    pub(crate) link: String,
    pub(crate) name: String,
    pub(crate) current: bool,
}

/// Something to be known, above the page.
#[derive(Clone, Debug)]
pub(crate) struct Notice {
    /// `good`, `warning` or `bad`.
    pub(crate) kind: &'static str,
    pub(crate) said: Said,
}

/// What was done before the browser came to a page.
#[derive(Debug, Deserialize)]
pub(crate) struct Done {
    /// A word; `done-WORD` is the text.
    pub(crate) done: Option<String>,
}

/// The frame around one page.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) tongue: Tongue,
    pub(crate) title: String,
    pub(crate) tabs: Vec<TabLink>,
    /// The instances by name, with whether it is the one that is shown.
    pub(crate) instances: Vec<(String, bool)>,
    /// The word of the tab, which stays when another instance is chosen.
    pub(crate) word: &'static str,
    /// The page itself, to which the visitor comes back in the other language.
    pub(crate) here: String,
    pub(crate) csrf: String,
    pub(crate) notices: Vec<Notice>,
}

impl Frame {
    /// The frame of a tab.
    pub(crate) async fn of(page: &Page, visitor: &Visitor, instance: &str, tab: Tab) -> Self {
        let tongue = visitor.tongue;
        let link = |tab: Tab| TabLink {
            link: format!("/i/{instance}/{}", tab.word()),
            name: tongue.say(&format!("tab-{}", tab.word())),
            current: false,
        };
        let tabs = Tab::ALL.map(|known| TabLink {
            current: known == tab,
            ..link(known)
        });
        let names = page
            .instances()
            .await
            .into_iter()
            .map(|status| status.instance.to_string());
        Self {
            title: tongue.say(&format!("tab-{}", tab.word())),
            tabs: tabs.into(),
            instances: names.map(|name| (name.clone(), name == instance)).collect(),
            word: tab.word(),
            here: link(tab).link,
            ..Self::bare(visitor, "")
        }
    }

    /// A frame without tabs, for what belongs to no instance. `title` is the name of a text.
    pub(crate) fn bare(visitor: &Visitor, title: &str) -> Self {
        Self {
            csrf: visitor.session.csrf().to_owned(),
            ..Self::door(visitor.tongue, title)
        }
    }

    /// A frame for whoever is not signed in. `title` is the name of a text.
    pub(crate) fn door(tongue: Tongue, title: &str) -> Self {
        Self {
            tongue,
            title: tongue.say(title),
            tabs: Vec::new(),
            instances: Vec::new(),
            word: "",
            here: "/".to_owned(),
            csrf: String::new(),
            notices: Vec::new(),
        }
    }

    /// The same frame for a page that is elsewhere than its tab.
    pub(crate) fn at(self, here: String) -> Self {
        Self { here, ..self }
    }

    /// Something to be known; `name` is that of a text.
    pub(crate) fn note(&mut self, kind: &'static str, name: &str) {
        let text = self.t(name);
        self.tell(kind, Said::ours(text));
    }

    /// Something to be known, in words that are ready.
    pub(crate) fn tell(&mut self, kind: &'static str, said: Said) {
        self.notices.push(Notice { kind, said });
    }

    /// What was done before the browser came here, by the word in the address.
    pub(crate) fn done(&mut self, word: Option<&str>) {
        if let Some(word) = word {
            let name = format!("done-{word}");
            if self.texts().has(&name) {
                self.note("good", &name);
            }
        }
    }

    pub(crate) fn texts(&self) -> &'static Catalogue {
        self.tongue.texts()
    }

    /// One text.
    pub(crate) fn t(&self, name: &str) -> String {
        self.tongue.say(name)
    }

    /// One text with a number in it.
    pub(crate) fn n(&self, name: &str, count: &usize) -> String {
        self.texts().say_with(name, &[("count", number(*count))])
    }

    /// One text with a word in it.
    pub(crate) fn w(&self, name: &str, word: impl AsRef<str>) -> String {
        self.texts().say_with(name, &[("word", argument(word.as_ref()))])
    }

    /// Where the style is.
    pub(crate) fn style(&self) -> String {
        crate::assets::path("style.css")
    }

    /// Where the script is.
    pub(crate) fn script(&self) -> String {
        crate::assets::path("page.js")
    }

    /// Where the picture is.
    pub(crate) fn icon(&self) -> String {
        crate::assets::path("icon.svg")
    }
}
