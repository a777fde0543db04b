//! Where both halves meet: who of the group is joined to a Teams user.

use std::time::Duration;

use sync_core::{Book, DirectoryPort, PbxUserId, PresencePort, Standing, TeamsUserId, standings};

use super::Tell;
use super::finding::{Check, Finding, Verdict};
use super::pbx::Telephony;
use super::tenant::Tenant;
use crate::config::Instance;

/// So many members without a match are named.
const NAMED: usize = 50;

/// Joins the group with the directory, as the daemon would. Returns whoever is joined.
pub(super) async fn matches(
    config: &Instance,
    tenant: &Tenant,
    pbx: &Telephony,
    tell: Tell<'_>,
) -> Vec<TeamsUserId> {
    let mut book = Book::default();
    book.take_over(&pbx.roster, &config.sync.exclude);
    let addresses = book.addresses_due(Duration::ZERO);
    let users = match tenant.graph.users_by_address(&addresses).await {
        Ok(users) => users,
        Err(error) => {
            tell(Finding::failed(Check::Matches, &error));
            return Vec::new();
        }
    };
    book.looked_up(&addresses, &users, Duration::ZERO);
    let mut joined = Vec::new();
    let mut others = Vec::new();
    for (user, standing) in standings(book.entries()) {
        match standing {
            Standing::Matched { teams_user } => joined.push(teams_user),
            Standing::Excluded => {}
            standing => {
                let address = book.entries().get(&user).and_then(|entry| entry.address.as_ref());
                others.push(line(user, address.map(ToString::to_string), &standing));
            }
        }
    }
    let (verdict, code) = match (joined.is_empty(), others.is_empty()) {
        (true, false) => (Verdict::Failure, "nobody"),
        (false, false) => (Verdict::Warning, "some"),
        (_, true) => (Verdict::Ok, "all"),
    };
    let (matched, unmatched) = (joined.len(), others.len());
    others.truncate(NAMED);
    tell(
        Finding::new(Check::Matches, verdict, code)
            .with("matched", matched)
            .with("others", unmatched)
            .detailed(others),
    );
    joined
}

fn line(user: PbxUserId, address: Option<String>, standing: &Standing) -> String {
    let who = address.unwrap_or_else(|| format!("PBX user {user}"));
    match standing {
        Standing::NoAddress => format!("PBX user {user}: no-address"),
        Standing::Unresolved => format!("PBX user {user}: unresolved"),
        Standing::Ambiguous { candidates, rivals } => {
            let candidates = candidates.iter().map(ToString::to_string);
            let rivals = rivals.iter().map(|rival| format!("PBX user {rival}"));
            let named: Vec<String> = candidates.chain(rivals).collect();
            format!("{who}: ambiguous ({})", named.join(", "))
        }
        _ => format!("{who}: no-teams-user"),
    }
}

/// Reads the presence of one of them.
pub(super) async fn presence(tenant: &Tenant, joined: &[TeamsUserId], tell: Tell<'_>) {
    let found = |verdict, code| Finding::new(Check::Presence, verdict, code);
    let Some(somebody) = joined.first() else {
        return tell(found(Verdict::Skipped, "nobody"));
    };
    tell(
        match tenant.graph.presences(std::slice::from_ref(somebody)).await {
            Err(error) => Finding::failed(Check::Presence, &error),
            Ok(answers) if answers.iter().all(Option::is_none) => found(Verdict::Warning, "silent"),
            Ok(_) => found(Verdict::Ok, "read"),
        },
    );
}
