//! One operation: where it is served, by whom, what it takes and what it answers.

use axum::handler::Handler;
use axum::http::{Method, StatusCode};
use axum::routing::{self, MethodRouter};
use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::api::server::Api;
use crate::api::types::ErrorAnswer;

/// How a schema is made, once there is a generator that collects what it refers to.
pub(super) type MakeSchema = fn(&mut SchemaGenerator) -> Schema;

/// One method of one path.
#[derive(Debug)]
pub(in crate::api) struct Operation {
    pub(super) method: Method,
    /// The path below that of its table; its variables are explained by the document.
    pub(super) path: &'static str,
    pub(super) handler: MethodRouter<Api>,
    pub(super) about: &'static str,
    /// More than fits one line.
    pub(super) details: Option<&'static str>,
    /// An object; each of its members is an argument.
    pub(super) arguments: Option<MakeSchema>,
    pub(super) body: Option<MakeSchema>,
    pub(super) answers: Vec<Answer>,
}

/// What is answered with one status.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) about: &'static str,
    pub(super) contents: Contents,
}

/// What an answer has in it.
#[derive(Debug)]
pub(super) enum Contents {
    /// JSON.
    Json(MakeSchema),
    /// Text that no program has to take apart, or that has a form of its own.
    Text,
    /// Nothing that is promised.
    Nothing,
}

/// Looks at something.
pub(in crate::api) fn get<T: 'static>(path: &'static str, handler: impl Handler<T, Api>) -> Operation {
    Operation::new(Method::GET, path, routing::get(handler))
}

/// Changes something.
pub(in crate::api) fn post<T: 'static>(path: &'static str, handler: impl Handler<T, Api>) -> Operation {
    Operation::new(Method::POST, path, routing::post(handler))
}

impl Operation {
    fn new(method: Method, path: &'static str, handler: MethodRouter<Api>) -> Self {
        Self {
            method,
            path,
            handler,
            about: "",
            details: None,
            arguments: None,
            body: None,
            answers: Vec::new(),
        }
    }

    /// What it is for, in one line.
    pub(in crate::api) fn about(mut self, about: &'static str) -> Self {
        self.about = about;
        self
    }

    /// What somebody who uses it should know beside that.
    pub(in crate::api) fn details(mut self, details: &'static str) -> Self {
        self.details = Some(details);
        self
    }

    /// The arguments in the query of the address.
    pub(in crate::api) fn takes<T: JsonSchema>(mut self) -> Self {
        self.arguments = Some(T::json_schema);
        self.fails(StatusCode::BAD_REQUEST, "an argument is not good")
    }

    /// The body that it wants.
    pub(in crate::api) fn reads<T: JsonSchema>(mut self) -> Self {
        self.body = Some(SchemaGenerator::subschema_for::<T>);
        self
    }

    /// What it answers where all is well.
    pub(in crate::api) fn answers<T: JsonSchema>(self, about: &'static str) -> Self {
        self.says::<T>(StatusCode::OK, about)
    }

    /// What it answers in text.
    pub(in crate::api) fn answers_text(self, about: &'static str) -> Self {
        self.with(StatusCode::OK, about, Contents::Text)
    }

    /// What it answers with this status.
    pub(in crate::api) fn says<T: JsonSchema>(self, status: StatusCode, about: &'static str) -> Self {
        self.with(status, about, Contents::Json(SchemaGenerator::subschema_for::<T>))
    }

    /// When it fails with this status, and says so in the common form.
    pub(in crate::api) fn fails(self, status: StatusCode, when: &'static str) -> Self {
        self.says::<ErrorAnswer>(status, when)
    }

    /// That it is about an instance which has to be there.
    pub(in crate::api) fn of_an_instance(self) -> Self {
        self.fails(StatusCode::NOT_FOUND, "there is no such instance")
    }

    /// That it is about an instance which has to run.
    pub(in crate::api) fn of_a_running_instance(self) -> Self {
        self.of_an_instance()
            .fails(StatusCode::CONFLICT, "the instance does not run")
    }

    /// When it fails with this status, and without anything that a program could read.
    pub(in crate::api) fn fails_bare(self, status: StatusCode, when: &'static str) -> Self {
        self.with(status, when, Contents::Nothing)
    }

    fn with(mut self, status: StatusCode, about: &'static str, contents: Contents) -> Self {
        self.answers.push(Answer {
            status,
            about,
            contents,
        });
        self
    }
}
