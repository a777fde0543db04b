#![doc = include_str!("../README.md")]

mod address;
mod assets;
mod azure;
mod door;
mod entrance;
mod explained;
mod frame;
mod guide;
mod language;
mod licence;
mod live;
mod log;
mod overview;
mod page;
mod people;
mod pictures;
mod plan;
mod respond;
mod said;
mod settings;
#[cfg(test)]
mod texts;
mod words;

use axum::Router;
use axum::middleware::from_fn;
use axum::response::Redirect;
use axum::routing::{get, post};
use sync_service::api::Api;
use tower_http::limit::RequestBodyLimitLayer;

use crate::door::Visitor;
use crate::page::Page;

/// No form is larger, in bytes.
const BODY: usize = 256 * 1024;

/// The routes of the page.
pub fn router(api: Api) -> Router {
    let page = Page::new(api);
    Router::new()
        .route("/", get(home))
        .route("/sign-in", get(entrance::ask).post(entrance::sign_in))
        .route("/sign-out", post(entrance::sign_out))
        .route("/setup/{secret}", get(entrance::welcome).post(entrance::choose))
        .route("/language/{code}", post(entrance::speak))
        .route("/guide", get(guide::begin))
        .route("/guide/{step}", get(guide::show).post(guide::take))
        .route("/guide/azure/live", get(guide::live))
        .route("/i/{instance}/overview", get(overview::show))
        .route("/i/{instance}/overview/live", get(overview::live))
        .route("/i/{instance}/overview/held", get(overview::held))
        .route("/i/{instance}/plan", get(plan::show))
        .route("/i/{instance}/order/{order}", post(overview::order))
        .route("/i/{instance}/settings", get(settings::show).post(settings::save))
        .route("/i/{instance}/settings/confirm", post(settings::confirm))
        .route("/i/{instance}/sign-in", get(azure::show).post(azure::begin))
        .route("/i/{instance}/sign-in/live", get(azure::live))
        .route("/i/{instance}/licence", get(licence::show).post(licence::save))
        .route("/i/{instance}/log", get(log::show))
        .route("/i/{instance}/log/live", get(log::live))
        .route("/i/{instance}/log/level", post(log::set_level))
        .route("/i/{instance}/log/download", get(log::download))
        .route("/i/{instance}/log/audit", get(log::audit))
        .route("/i/{instance}/people", get(people::show))
        .route("/i/{instance}/people/{user}", get(people::person))
        .route("/i/{instance}/people/{user}/{order}", post(people::order))
        .route("/assets/{edition}/{name}", get(assets::serve))
        .fallback(entrance::nowhere)
        .layer(RequestBodyLimitLayer::new(BODY))
        .layer(from_fn(respond::guard))
        .with_state(page)
}

/// The first instance, or the guide where there is none.
async fn home(axum::extract::State(page): axum::extract::State<Page>, _visitor: Visitor) -> Redirect {
    match page.instances().await.first() {
        Some(first) => Redirect::to(&format!("/i/{}/overview", first.instance)),
        None => Redirect::to("/guide"),
    }
}
