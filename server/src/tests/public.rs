//! Behind a proxy that ends TLS.

use axum::http::StatusCode;

use super::Rig;

#[tokio::test(flavor = "multi_thread")]
async fn cookies_and_origins_follow_the_public_address() {
    let mut rig = Rig::start_with(|options| {
        options.public_url = Some("https://muster.example".parse().unwrap());
    })
    .await;
    let server = rig.server.as_ref().unwrap();
    let password = server.first_user.as_ref().unwrap().password.clone();
    let sign_in = |origin: &str| {
        let body = format!("user=admin&password={password}");
        rig.http
            .post(format!("{}/sign-in", server.url))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("origin", origin)
            .body(body)
            .send()
    };
    // The proxy sends the server's own address on as `Host`; a page from there is no page of ours.
    let own = server.url.clone();
    for other in [own.as_str(), "http://muster.example", "https://evil.example"] {
        assert_eq!(sign_in(other).await.unwrap().status(), StatusCode::FORBIDDEN, "{other}");
    }
    let answer = sign_in("https://muster.example").await.unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("__Host-muster=") && cookie.ends_with("; Secure"), "{cookie}");
    rig.stop().await;
}
