//! The table of the routes, from which the router and the document are made.

use axum::Router;
use axum::http::StatusCode;

use super::operation::Operation;
use crate::api::server::Api;

/// Operations below one path.
#[derive(Debug)]
pub(in crate::api) struct Table {
    /// What stands before the path of each.
    pub(super) below: &'static str,
    /// Whether they want the token.
    pub(super) signed_in: bool,
    /// The operations, group by group.
    pub(super) groups: Vec<Group>,
}

/// Operations about one subject.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) operations: Vec<Operation>,
}

impl Table {
    /// Operations that anybody may ask for.
    pub(in crate::api) fn open() -> Self {
        Self {
            below: "",
            signed_in: false,
            groups: Vec::new(),
        }
    }

    /// Operations below this path, for whoever has the token.
    pub(in crate::api) fn signed_in(below: &'static str) -> Self {
        Self {
            below,
            signed_in: true,
            groups: Vec::new(),
        }
    }

    /// Adds the operations about one subject.
    pub(in crate::api) fn group(
        mut self,
        name: &'static str,
        about: &'static str,
        operations: Vec<Operation>,
    ) -> Self {
        let operations = operations
            .into_iter()
            .map(|operation| match self.signed_in {
                true => operation.fails(StatusCode::UNAUTHORIZED, "the token is missing or wrong"),
                false => operation,
            })
            .map(|operation| {
                operation.fails_bare(StatusCode::GATEWAY_TIMEOUT, "there was no answer within 30 s")
            })
            .collect();
        self.groups.push(Group {
            name,
            about,
            operations,
        });
        self
    }

    /// What serves them, without the path that they are below.
    pub(in crate::api) fn router(self) -> Router<Api> {
        self.groups
            .into_iter()
            .flat_map(|group| group.operations)
            .fold(Router::new(), |router, operation| {
                router.route(operation.path, operation.handler)
            })
    }
}
