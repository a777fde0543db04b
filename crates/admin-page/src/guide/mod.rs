//! The set-up, step by step, from a daemon without a file to one that synchronises.
//!
//! What is typed is kept in a file of the guide's own until the check, which writes the instance into the one file, still turned
//! off. Activating it is a change of that file like every other one.

mod draft;
mod finish;
mod kept;
mod step;
mod view;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use licensing::Licence;
use sync_service::config::edit::{Change, Document, KeyPath};

use self::draft::{faults_of, groups, written_out};
use self::finish::{activate, check, sign_in};
use self::step::Step;
use self::view::{fill, has_seats, is_over, over};
use crate::address::Path;
use crate::azure;
use crate::door::{Posted, Visitor};
use crate::entrance;
use crate::frame::Frame;
use crate::licence;
use crate::page::Page;
use crate::settings::{Chosen, changes, key, rule_changes};

pub(crate) use self::draft::Drafts;

/// The instance that the guide makes.
const INSTANCE: &str = "main";

/// The beginning, or wherever the set-up stopped.
pub(crate) async fn begin(State(page): State<Page>, _visitor: Visitor) -> Redirect {
    let done = page.drafts.get().done;
    let next = Step::ALL
        .into_iter()
        .find(|step| !done.contains(step))
        .unwrap_or(Step::Activate);
    Redirect::to(&format!("/guide/{}", next.word()))
}

/// Whether the set-up has something to go on with. Where it has not, because somebody wrote the file by hand perhaps, nothing of
/// what was typed stays.
pub(crate) async fn goes_on(page: &Page) -> bool {
    let over = is_over(&page.api.files.written().await.values);
    if over {
        page.drafts.forget();
    }
    !over
}

/// A step.
pub(crate) async fn show(State(page): State<Page>, visitor: Visitor, Path(word): Path<String>) -> Response {
    let Some(step) = Step::named(&word) else {
        return entrance::unclear(visitor.tongue);
    };
    fill(&page, Frame::bare(&visitor, "guide-title"), step, None, &[], None).await
}

/// The sign-in that is under way, whenever it changes.
pub(crate) async fn live(State(page): State<Page>, visitor: Visitor) -> Response {
    azure::watch(page, visitor, INSTANCE.to_owned())
}

/// What was typed at a step.
pub(crate) async fn take(State(page): State<Page>, Path(word): Path<String>, posted: Posted) -> Response {
    let Posted { visitor, fields } = posted;
    let tongue = visitor.tongue;
    let Some(step) = Step::named(&word) else {
        return entrance::unclear(tongue);
    };
    let mut f = Frame::bare(&visitor, "guide-title");
    let written = page.api.files.written().await;
    let Ok(document) = Document::open(&written.file) else {
        return fill(&page, f, step, None, &[], None).await;
    };
    if is_over(&document.values()) {
        return over(f, step, StatusCode::CONFLICT);
    }
    let effective = page.drafts.get().effective(&document);
    match step {
        Step::Licence => {
            let typed: String = fields.first("key").split_whitespace().collect();
            let settings = page.api.files.settings().await;
            match Licence::verified(typed.as_bytes(), &settings.issuers) {
                Err(refusal) => {
                    let fault = licence::refused(tongue, &refusal);
                    return fill(&page, f, step, Some(&fields), &[], Some(fault)).await;
                }
                Ok(licence) => {
                    let secret = Change::Secret {
                        key: KeyPath::new(["license", "key_file"]),
                        secret: licence.text().to_owned().into(),
                    };
                    page.drafts.change(|draft| {
                        draft.licence = Some((licence.text().to_owned(), licence.terms().seats));
                        draft.take(vec![secret]);
                    });
                }
            }
        }
        Step::States => {
            let before = Chosen::of_values(&effective);
            let chosen = Chosen::of_form(&fields, &before);
            let mut changes = rule_changes(INSTANCE, &before, &chosen);
            // The choice is written out also where it is the usual one: it was made.
            if changes.is_empty() {
                changes = chosen
                    .lists()
                    .into_iter()
                    .map(|(name, value)| Change::Set {
                        key: key(INSTANCE, &format!("rules.{name}")),
                        value,
                    })
                    .collect();
            }
            page.drafts.change(|draft| draft.take(changes));
        }
        Step::Check => return Box::pin(check(&page, &visitor, f)).await,
        Step::Activate => return Box::pin(activate(&page, &visitor, f)).await,
        _ => {
            let mut wanted = changes(INSTANCE, step.sections(), &effective, &fields);
            wanted.extend(written_out(step, &effective, &fields));
            page.drafts.change(|draft| draft.take(wanted));
        }
    }
    let faults = faults_of(&page, step).await;
    if !faults.is_empty() {
        return fill(&page, f, step, Some(&fields), &faults, None).await;
    }
    if step == Step::Azure && fields.has("sign-in") {
        return Box::pin(sign_in(&page, f)).await;
    }
    if step == Step::Pbx
        && fields.first("do") != "anyway"
        && let Err(error) = groups(&page).await
    {
        f.tell("bad", error.said(tongue, "guide-pbx-silent"));
        return fill(&page, f, step, Some(&fields), &[], None).await;
    }
    if step == Step::Group && fields.first("do") != "anyway" && !has_seats(&page, tongue, &document).await {
        f.note("bad", "guide-seats-go-on");
        return fill(&page, f, step, None, &[], None).await;
    }
    page.drafts.change(|draft| {
        if !draft.done.contains(&step) {
            draft.done.push(step);
        }
    });
    Redirect::to(&format!("/guide/{}", step.after().word())).into_response()
}

#[cfg(test)]
mod tests {
    use super::draft::{Draft, placeholders};
    use super::*;
    use crate::door::Fields;

    #[test]
    fn the_set_up_leaves_alone_what_runs_and_what_somebody_else_wrote() {
        for (file, over) in [
            ("", false),
            ("[daemon]\nlog = \"info\"\n", false),
            ("[instances.main]\nenabled = false\n", false),
            ("[instances.main]\nenabled = true\n", true),
            ("[instances.main.teams]\ncloud = \"global\"\n", true),
            ("[instances.hq]\nenabled = false\n", true),
            (
                "[instances.main]\nenabled = false\n[instances.hq]\nenabled = true\n",
                true,
            ),
        ] {
            let document = Document::of(file).unwrap();
            assert_eq!(is_over(&document.values()), over, "{file}");
        }
    }

    #[test]
    fn a_secret_that_another_choice_has_no_use_for_is_forgotten() {
        let mut draft = Draft::default();
        let document = Document::of("").unwrap();
        let secret = key(INSTANCE, "teams.client_secret_file");
        for (auth, kept) in [("client-secret", true), ("device-code", false)] {
            let sent = [("teams.auth", auth), ("teams.client_secret_file", "SAMPLE")];
            let effective = draft.effective(&document);
            draft.take(changes(
                INSTANCE,
                Step::Azure.sections(),
                &effective,
                &Fields::of(&sent),
            ));
            assert_eq!(draft.is_secret_typed(&secret), kept, "{auth}");
        }
    }

    /// The daemon was started anew between the check and the end.
    #[test]
    fn what_the_check_wrote_is_there_again_after_a_restart() {
        let text = "[instances.main]\nenabled = false\n[instances.main.teams]\nclient_secret_file = \"s\"\n\
            [instances.main.starface]\nurl = \"https://pbx.example\"\ngroup_id = 7\n";
        let document = Document::of(text).unwrap();
        let effective = Draft::default().effective(&document);
        assert_eq!(
            effective.pointer("/starface/url"),
            Some(&"https://pbx.example".into())
        );
        assert!(placeholders(&[], &document.values()).is_empty());
        let empty = Document::of("").unwrap();
        assert!(!placeholders(&[], &empty.values()).is_empty());
        assert!(
            Draft::default()
                .effective(&empty)
                .pointer("/sync/policy")
                .is_some()
        );
    }
}
