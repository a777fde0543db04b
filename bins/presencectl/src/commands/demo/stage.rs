//! Where the day is shown: redrawn in place on a terminal, line by line in a pipe, as JSON lines for programs.

use std::fmt::Write as _;
use std::io::IsTerminal;
use std::net::SocketAddr;

use serde::Serialize;

use super::clock::DayTime;
use super::summary::{Summary, VERSION};
use crate::arguments::Format;
use crate::commands::context::{print_json, print_text};
use crate::failure::Failure;
use crate::show::Table;

/// More people than these are counted only.
const ROWS: usize = 18;

/// One person as the simulated servers have them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Desk {
    pub(super) name: String,
    pub(super) presence: String,
    pub(super) dnd: bool,
    pub(super) chat: String,
    /// Whether something of this person was changed just now.
    pub(super) fresh: bool,
}

/// The office at one time of the day.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    pub(super) clock: DayTime,
    pub(super) people: usize,
    pub(super) silenced: usize,
    pub(super) changes: usize,
    /// The first of the people.
    pub(super) desks: Vec<Desk>,
}

/// One change of a person in the PBX.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Change {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) clock: DayTime,
    pub(super) by: &'static str,
    pub(super) pbx_user: i64,
    pub(super) name: String,
    pub(super) presence: String,
    pub(super) field: &'static str,
    pub(super) from: String,
    pub(super) to: String,
}

#[derive(Serialize)]
struct Start<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    version: u32,
    members: usize,
    seconds: u32,
    api: SocketAddr,
    /// A link to the administrator's page, good for one use.
    page: Option<&'a str>,
    notices: [&'a str; 1],
}

/// Where the day is shown.
#[derive(Debug)]
pub(super) enum Stage {
    /// Redrawn in place; so many lines were drawn last.
    Live {
        drawn: usize,
    },
    Lines,
    Json,
}

impl Stage {
    pub(super) fn new(format: Format) -> Self {
        match format {
            Format::Json => Self::Json,
            Format::Text if std::io::stdout().is_terminal() => Self::Live { drawn: 0 },
            Format::Text => Self::Lines,
        }
    }

    /// How many people a scene should have in detail.
    pub(super) fn rows(&self) -> usize {
        if self.is_live() { ROWS } else { 0 }
    }

    pub(super) fn is_live(&self) -> bool {
        matches!(self, Self::Live { .. })
    }

    pub(super) fn open(
        &self,
        members: usize,
        seconds: u32,
        api: SocketAddr,
        page: Option<&str>,
        notice: &str,
    ) -> Result<(), Failure> {
        if let Self::Json = self {
            return print_json(&Start {
                kind: "start",
                version: VERSION,
                members,
                seconds,
                api,
                page,
                notices: [notice],
            });
        }
        let page = page
            .map(|link| format!("The administrator's page, good for one visitor: {link}\n"))
            .unwrap_or_default();
        print_text(&format!(
            "A day at the office of {members} people in {seconds} s, on a simulated tenant and PBX.\n\
             The daemon's local API: http://{api} (note: {notice})\n{page}"
        ))
    }

    /// Shows a change; on a terminal the next scene has it.
    pub(super) fn change(&self, change: &Change) -> Result<(), Failure> {
        match self {
            Self::Live { .. } => Ok(()),
            Self::Lines => print_text(&line(change)),
            Self::Json => print_json(change),
        }
    }

    /// Shows the office; only a terminal is redrawn.
    pub(super) fn scene(&mut self, scene: &Scene) -> Result<(), Failure> {
        let Self::Live { drawn } = self else { return Ok(()) };
        let text = drawing(scene);
        let up = if *drawn == 0 {
            String::new()
        } else {
            format!("\x1b[{drawn}A\x1b[J")
        };
        *drawn = text.lines().count();
        print_text(&format!("{up}{text}"))
    }

    pub(super) fn close(&self, summary: &Summary) -> Result<(), Failure> {
        match self {
            Self::Json => print_json(summary),
            Self::Live { .. } | Self::Lines => print_text(&format!("\nThe day is over:\n{}", summary.text())),
        }
    }
}

fn line(change: &Change) -> String {
    let Change {
        clock,
        by,
        name,
        presence,
        field,
        from,
        to,
        ..
    } = change;
    let who = if *by == "human" { ", by hand" } else { "" };
    format!("{clock}  {name:<22.22} {presence:<26} {field} {from} -> {to}{who}")
}

fn drawing(scene: &Scene) -> String {
    let Scene {
        clock,
        people,
        silenced,
        changes,
        desks,
    } = scene;
    let mut text =
        format!("{clock}   {people} people, {silenced} not to be disturbed, {changes} changes so far\n\n");
    let mut table = Table::unbounded(["", "person", "teams", "dnd", "chat"]);
    for desk in desks {
        let mark = if desk.fresh { "*" } else { "" };
        let dnd = if desk.dnd { "ON" } else { "-" };
        let cell = |text: &str, width: usize| format!("{text:<width$.width$}");
        table.row([
            mark.to_owned(),
            cell(&desk.name, 22),
            cell(&desk.presence, 26),
            cell(dnd, 3),
            desk.chat.clone(),
        ]);
    }
    text.push_str(&table.text(0));
    if *people > desks.len() {
        let _ = writeln!(text, "and {} more", people - desks.len());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(by: &'static str) -> Change {
        Change {
            kind: "change",
            clock: DayTime::default(),
            by,
            pbx_user: 1004,
            name: "Anna Weber".into(),
            presence: "Busy/InAMeeting".into(),
            field: "dnd",
            from: "off".into(),
            to: "on".into(),
        }
    }

    #[test]
    fn a_change_is_one_line_and_says_whether_it_was_made_by_hand() {
        assert_eq!(
            line(&change("sync")),
            "08:00  Anna Weber             Busy/InAMeeting            dnd off -> on"
        );
        assert!(line(&change("human")).ends_with(", by hand"));
    }

    #[test]
    fn a_scene_fits_a_screen_and_counts_the_rest() {
        let desk = |name: &str, dnd, fresh| Desk {
            name: name.into(),
            presence: "Busy/InAMeeting".into(),
            dnd,
            chat: "do-not-disturb".into(),
            fresh,
        };
        let desks = vec![
            desk("Anna Weber", true, true),
            desk("A name that is longer than its column", false, false),
        ];
        let scene = Scene {
            clock: DayTime::default(),
            people: 25,
            silenced: 1,
            changes: 2,
            desks,
        };
        insta::assert_snapshot!(drawing(&scene));
    }
}
