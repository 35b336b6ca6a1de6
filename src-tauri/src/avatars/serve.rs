//! Answers the page's `avatar:` requests: a small PNG under a name of ours, or 404.

use tauri::http::{Request, Response, StatusCode, header};
use tauri::{Manager, Runtime, UriSchemeContext, UriSchemeResponder};

use crate::shell::Shell;

/// The handler of the `avatar` scheme. The answer comes when the picture does; the page draws initials meanwhile.
pub(crate) fn serve<R: Runtime>(
    context: UriSchemeContext<'_, R>,
    request: Request<Vec<u8>>,
    responder: UriSchemeResponder,
) {
    let name = request.uri().path().trim_start_matches('/').to_owned();
    let app = context.app_handle().clone();
    tauri::async_runtime::spawn(async move {
        let avatars = app.state::<Shell>().avatars.clone();
        responder.respond(response(avatars.picture(&name).await));
    });
}

fn response(picture: Option<Vec<u8>>) -> Response<Vec<u8>> {
    let mut response = Response::new(Vec::new());
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, header::HeaderValue::from_static("nosniff"));
    match picture {
        Some(png) => {
            headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("image/png"));
            // The name changes with the picture's address.
            headers
                .insert(header::CACHE_CONTROL, header::HeaderValue::from_static("max-age=86400"));
            *response.body_mut() = png;
        }
        None => *response.status_mut() = StatusCode::NOT_FOUND,
    }
    response
}
