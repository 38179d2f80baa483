//! Pages and API for reviewers, on the same port as the control connections.
//!
//! Law: nothing of a recording leaves without a log-on of somebody who may review; what changes something is a POST whose
//! cookie no other site can send (`SameSite=Strict`). Answers of the API are not stored by browsers.

mod lines;
mod log_on;
mod pages;
mod ranged;
mod recordings;
mod shared;
pub mod types;

use crate::accounts::Accounts;
use crate::control::{self, Door};
use axum::extract::FromRef;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use dealerboard_wire::CONTROL_PATH;
use log_on::HandOvers;

/// What the pages need.
#[derive(Clone)]
pub struct Web {
    /// Control connections.
    pub door: Door,
    /// Who may log on.
    pub accounts: Accounts,
    /// Recordings.
    pub review: Review,
    /// Codes that open the review pages once.
    pub hand_overs: HandOvers,
}

pub use recordings::Review;

impl FromRef<Web> for Door {
    fn from_ref(web: &Web) -> Self {
        web.door.clone()
    }
}

impl FromRef<Web> for Accounts {
    fn from_ref(web: &Web) -> Self {
        web.accounts.clone()
    }
}

impl FromRef<Web> for Review {
    fn from_ref(web: &Web) -> Self {
        web.review.clone()
    }
}

impl Web {
    /// The pages of one switch.
    pub fn new(door: Door, accounts: Accounts, review: Review) -> Self {
        Self { door, accounts, review, hand_overs: HandOvers::default() }
    }

    /// Every path that the switch answers.
    pub fn router(self) -> Router {
        let api = Router::new()
            .route("/log-on", post(log_on::log_on))
            .route("/log-off", post(log_on::log_off))
            .route("/me", get(log_on::me))
            .route("/hand-over", post(log_on::hand_over))
            .route("/health", get(recordings::health))
            .route("/recordings", get(recordings::list))
            .route("/recordings/{recording}", get(recordings::detail))
            .route("/recordings/{recording}/tracks/{track}/audio", get(recordings::audio))
            .route("/recordings/{recording}/tracks/{track}/peaks", get(recordings::peaks))
            .route("/verify", get(recordings::verify))
            .fallback(|| async { Trouble::new(StatusCode::NOT_FOUND, "There is no such question in this API.") })
            .layer(map_response(not_stored));
        Router::new()
            .route(CONTROL_PATH, get(control::upgrade))
            .route("/hand-over", get(log_on::open_with_code))
            .nest("/api", api)
            .fallback(get(pages::page))
            .layer(map_response(safe))
            .with_state(self)
    }
}

async fn not_stored(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn safe(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let policy = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// What went wrong, as one sentence for the person.
pub struct Trouble {
    status: StatusCode,
    sentence: String,
}

impl Trouble {
    /// A refusal.
    pub fn new(status: StatusCode, sentence: impl Into<String>) -> Self {
        Self { status, sentence: sentence.into() }
    }

    /// Something at the switch failed; the cause goes to the log.
    pub fn inside(error: impl std::fmt::Display) -> Self {
        tracing::error!("the review pages could not be served: {error}");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "The switch could not read its archive; tell the administrator to look at its log.",
        )
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        (self.status, Json(types::Problem { sentence: self.sentence })).into_response()
    }
}
