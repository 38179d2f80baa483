//! The review pages, embedded in the program.

use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../../ui/dist-review"]
struct Pages;

/// The embedded file that the address names; `index.html` for the pages' own addresses.
pub async fn page(uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    let names_file = path.rsplit('/').next().is_some_and(|last| last.contains('.'));
    let (path, file) = match Pages::get(path) {
        Some(file) if !path.is_empty() => (path, Some(file)),
        Some(_) | None if names_file => (path, None),
        Some(_) | None => ("index.html", Pages::get("index.html")),
    };
    let Some(file) = file else {
        let sentence = if names_file {
            "There is no such page here; begin at the first one."
        } else {
            "The review pages are not in this build; build them with the rest and start the switch again."
        };
        return (StatusCode::NOT_FOUND, sentence).into_response();
    };
    let kind = match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("json") => "application/json",
        Some("woff2") => "font/woff2",
        Some("wasm") => "application/wasm",
        Some(_) | None => "application/octet-stream",
    };
    let mut response = file.data.into_owned().into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
