//! Answers with a part of a file (RFC 9110 section 14), so that a browser can seek in sound.

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// `bytes` as a whole, or the one range that is asked for.
pub fn ranged(headers: &HeaderMap, kind: &'static str, bytes: Bytes) -> Response {
    let length = bytes.len();
    let asked = headers.get(header::RANGE).and_then(|value| value.to_str().ok());
    let mut response = match asked.map(|asked| range(asked, length)) {
        None | Some(Range::NotUnderstood) => bytes.into_response(),
        Some(Range::Of { first, last }) => {
            let mut part = bytes.slice(first..=last).into_response();
            *part.status_mut() = StatusCode::PARTIAL_CONTENT;
            content_range(&mut part, &format!("bytes {first}-{last}/{length}"));
            part
        }
        Some(Range::Beyond) => {
            let mut none = StatusCode::RANGE_NOT_SATISFIABLE.into_response();
            content_range(&mut none, &format!("bytes */{length}"));
            none
        }
    };
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    response
}

fn content_range(response: &mut Response, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        response.headers_mut().insert(header::CONTENT_RANGE, value);
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Range {
    Of {
        first: usize,
        last: usize,
    },
    Beyond,
    /// Several ranges, other units: the whole is a right answer to these.
    NotUnderstood,
}

fn range(asked: &str, length: usize) -> Range {
    let Some((from, to)) = asked.strip_prefix("bytes=").and_then(|spec| spec.trim().split_once('-')) else {
        return Range::NotUnderstood;
    };
    let (from, to) = (from.trim(), to.trim());
    match (from.parse::<usize>(), to.parse::<usize>()) {
        (Ok(first), _) if first >= length => Range::Beyond,
        (Ok(first), Ok(last)) if last < first => Range::NotUnderstood,
        (Ok(first), Ok(last)) => Range::Of { first, last: last.min(length - 1) },
        (Ok(first), Err(_)) if to.is_empty() => Range::Of { first, last: length - 1 },
        (Err(_), Ok(0)) if from.is_empty() => Range::Beyond,
        (Err(_), Ok(_)) if from.is_empty() && length == 0 => Range::Beyond,
        (Err(_), Ok(ending)) if from.is_empty() => Range::Of { first: length.saturating_sub(ending), last: length - 1 },
        (Ok(_) | Err(_), Ok(_) | Err(_)) => Range::NotUnderstood,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_answered_within_the_file_only() {
        assert_eq!(range("bytes=0-9", 100), Range::Of { first: 0, last: 9 });
        assert_eq!(range("bytes=90-", 100), Range::Of { first: 90, last: 99 });
        assert_eq!(range("bytes=90-500", 100), Range::Of { first: 90, last: 99 });
        assert_eq!(range("bytes=-10", 100), Range::Of { first: 90, last: 99 });
        assert_eq!(range("bytes=-500", 100), Range::Of { first: 0, last: 99 });
        assert_eq!(range("bytes=100-", 100), Range::Beyond);
        assert_eq!(range("bytes=-5", 0), Range::Beyond);
    }

    #[test]
    fn what_is_not_one_range_of_bytes_gets_the_whole() {
        for odd in ["bytes=1-2,4-5", "lines=1-2", "bytes=x-y", "bytes=5-2", "bytes=-"] {
            assert_eq!(range(odd, 100), Range::NotUnderstood, "{odd}");
        }
    }
}
