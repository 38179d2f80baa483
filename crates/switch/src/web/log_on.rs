//! Logging on to the review pages: with a password, or by a code that a logged-on turret fetched.

use super::types::{HandOverLink, LogOnForm, Me};
use super::{Trouble, Web};
use crate::accounts::{Account, Accounts, Opens, Proved, secret};
use axum::Json;
use axum::extract::{ConnectInfo, FromRef, FromRequestParts, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use dealerboard_model::UserId;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

const COOKIE: &str = "dealerboard-review";
/// A code is for opening a window at once.
const CODE_LIFE: Duration = Duration::from_secs(60);
const CODES_MAX: usize = 1_000;

/// Header of a question that the page asks by itself: nobody is at work there, so the log-on does not live on by it.
const BY_ITSELF: &str = "dealerboard-by-itself";

/// Whether a page asks by itself.
pub fn is_by_itself(headers: &HeaderMap) -> bool {
    headers.contains_key(BY_ITSELF)
}

/// Somebody who may review, proved by the cookie.
pub struct Reviewer(pub Account);

impl<S> FromRequestParts<S> for Reviewer
where
    Accounts: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Trouble> {
        let token = cookie(&parts.headers).ok_or_else(not_logged_on)?;
        let by_itself = is_by_itself(&parts.headers);
        let accounts = Accounts::from_ref(state);
        let looked_up = if by_itself { accounts.watcher(token) } else { accounts.reviewer(token) };
        let account = looked_up.map_err(|_| not_logged_on())?;
        may_review(&account)?;
        Ok(Self(account))
    }
}

fn not_logged_on() -> Trouble {
    Trouble::new(StatusCode::UNAUTHORIZED, "Your log-on has ended; log on again.")
}

fn may_review(account: &Account) -> Result<(), Trouble> {
    if account.roles.iter().any(|role| role.may_review()) {
        return Ok(());
    }
    let sentence = format!("{} may not open recordings; ask the administrator for the role of reviewer.", account.name);
    Err(Trouble::new(StatusCode::FORBIDDEN, sentence))
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == COOKIE).then_some(value))
}

/// A cookie of the browser's session: how long the log-on lives is the switch's to say. `age` ends it at once.
fn set_cookie(token: &str, age: &str) -> Result<HeaderValue, Trouble> {
    let text = format!("{COOKIE}={token}; Path=/; {age}HttpOnly; Secure; SameSite=Strict");
    HeaderValue::from_str(&text).map_err(Trouble::inside)
}

async fn cookie_for(accounts: &Accounts, proved: &Proved) -> Result<HeaderValue, Trouble> {
    let issued = accounts.issue(proved, Opens::Review).await.map_err(Trouble::inside)?;
    set_cookie(&issued.token.token, "")
}

fn me_of(account: &Account) -> Me {
    Me { user: account.user.to_string(), name: account.name.clone(), roles: account.roles.clone() }
}

/// `POST /api/log-on`.
pub async fn log_on(
    State(accounts): State<Accounts>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    Json(form): Json<LogOnForm>,
) -> Result<Response, Trouble> {
    let proved = accounts
        .log_on(&UserId(form.user), form.password, from.ip())
        .await
        .map_err(|refused| Trouble::new(StatusCode::UNAUTHORIZED, refused.to_string()))?;
    may_review(&proved.account)?;
    let cookie = cookie_for(&accounts, &proved).await?;
    tracing::info!(user = %proved.account.user, "logged on to the review pages");
    Ok(([(header::SET_COOKIE, cookie)], Json(me_of(&proved.account))).into_response())
}

/// `POST /api/log-off`.
pub async fn log_off(State(accounts): State<Accounts>, headers: HeaderMap) -> Result<Response, Trouble> {
    if let Some(token) = cookie(&headers) {
        accounts.revoke(token).await;
    }
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, set_cookie("", "Max-Age=0; ")?)]).into_response())
}

/// `GET /api/me`.
pub async fn me(Reviewer(account): Reviewer) -> Json<Me> {
    Json(me_of(&account))
}

/// Codes that open the review pages once. Clones are the same.
#[derive(Clone, Default)]
pub struct HandOvers {
    codes: Arc<Mutex<HashMap<String, (Proved, Instant)>>>,
}

impl HandOvers {
    fn put(&self, proved: Proved) -> Result<String, Trouble> {
        let code = secret().map_err(Trouble::inside)?;
        let mut codes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
        codes.retain(|_, (_, made)| made.elapsed() < CODE_LIFE);
        if codes.len() >= CODES_MAX {
            let sentence = "Too many review windows are being opened; try again in a minute.";
            return Err(Trouble::new(StatusCode::TOO_MANY_REQUESTS, sentence));
        }
        codes.insert(code.clone(), (proved, Instant::now()));
        Ok(code)
    }

    fn take(&self, code: &str) -> Option<Proved> {
        let taken = self.codes.lock().unwrap_or_else(PoisonError::into_inner).remove(code);
        taken.filter(|(_, made)| made.elapsed() < CODE_LIFE).map(|(proved, _)| proved)
    }
}

/// `POST /api/hand-over`, with a turret's token: gives an address that opens the review pages once.
pub async fn hand_over(State(web): State<Web>, headers: HeaderMap) -> Result<Json<HandOverLink>, Trouble> {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .ok_or_else(not_logged_on)?;
    let proved = web.accounts.token_user(token, Opens::Control).map_err(|_| not_logged_on())?;
    may_review(&proved.account)?;
    Ok(Json(HandOverLink { path: format!("/hand-over?code={}", web.hand_overs.put(proved)?) }))
}

/// `GET /hand-over?code=…`: sets the cookie and goes to the first page. A code that is over goes to the log-on card.
pub async fn open_with_code(
    State(web): State<Web>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Trouble> {
    let proved = query.get("code").and_then(|code| web.hand_overs.take(code));
    let Some(proved) = proved.filter(|proved| web.accounts.holds(proved)) else {
        return Ok(Redirect::to("/").into_response());
    };
    let cookie = cookie_for(&web.accounts, &proved).await?;
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response())
}
