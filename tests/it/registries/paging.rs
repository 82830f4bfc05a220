//! Tag lists with the paging of real registries.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tagboat::registry::{HostSettings, Registries, Registry, RegistryError, ResponseLimits};

use super::{connect_with, keychain, name, plain, tag, texts};
use crate::support::http_double::{Double, Manner, ReceivedRequest, Reply};

fn all() -> Vec<String> {
    (0..25).map(|number| format!("v{number:02}")).collect()
}

/// A way of paging, and how many requests 25 tags need in pages of ten, or a part of the error.
type Way = (&'static str, fn(&ReceivedRequest) -> Reply, Result<u64, &'static str>);

#[rustfmt::skip]
const WAYS: &[Way] = &[
    ("link, relative",                  |request| linked(request, "/v2/a/tags/list", 10),                         Ok(3)),
    ("link, relative to the list",      |request| linked(request, "list", 10),                                    Ok(3)),
    ("link, absolute with its port",    |request| linked(request, &format!("http://{}/v2/a/tags/list", request.header("host").unwrap()), 10), Ok(3)),
    ("link, capped below n",            |request| linked(request, "/v2/a/tags/list", 4),                          Ok(7)),
    ("link, absolute without its port", |request| linked(request, "http://127.0.0.1/v2/a/tags/list", 10),         Err("leads to another server")),
    ("link, with a token of quay's",    |request| tokened(request, 10),                                           Ok(3)),
    ("link, without the gateway's path", |request| linked(request, "/v2/inner/a/tags/list", 10),                  Ok(3)),
    ("link, until the page is empty",   |request| linked_to_the_end(request, 5),                                  Ok(6)),
    ("n is ignored",                    |_| Reply::tags(all()),                                               Ok(1)),
    ("text/plain",                      |_| Reply::tags(all()).header("content-type", "text/plain"),          Ok(1)),
    ("truncated without a link",              |request| Reply::tags(page(request, 10)),                                 Ok(4)),
    ("truncated, no last page",         |request| lost(request, "v19"),                                           Err("/v2/a/tags/list?n=10&last=v19 returned 404")),
    ("truncated, no probe",             |request| lost(request, "v09"),                                           Err("/v2/a/tags/list?n=1&last=v09 returned 404")),
    ("truncated, repeats last",         |request| Reply::tags(page_from(request)),                                Err("truncates it after 10 tags and ignores `last`")),
    ("truncated, ignores last",         |request| Reply::tags(all().into_iter().take(n(request))),                Err("truncates it after 10 tags and ignores `last`")),
];

fn n(request: &ReceivedRequest) -> usize {
    request.query("n").unwrap().parse().unwrap()
}

/// Returns `n` tags after `last`, at most `cap`.
fn page(request: &ReceivedRequest, cap: usize) -> Vec<String> {
    let last = request.query("last").unwrap_or_default();
    all().into_iter().filter(|tag| *tag > last).take(n(request).min(cap)).collect()
}

fn linked(request: &ReceivedRequest, base: &str, cap: usize) -> Reply {
    let page = page(request, cap);
    let last = page.last().unwrap().clone();
    let reply = Reply::tags(&page);
    match last.as_str() {
        "v24" => reply,
        _ => reply.header("link", &format!("<{base}?n={}&last={last}>; rel=\"next\"", n(request))),
    }
}

/// Links with an opaque token instead of a tag, as quay.io does.
fn tokened(request: &ReceivedRequest, cap: usize) -> Reply {
    let start: usize =
        request.query("next_page").map_or(0, |token| token.strip_prefix("gAAAA=").unwrap().parse().unwrap());
    let reply = Reply::tags(all().into_iter().skip(start).take(cap));
    let next = start + cap;
    if next < all().len() {
        reply.header("link", &format!("</v2/a/tags/list?next_page=gAAAA%3D{next}&n={cap}>; rel=\"next\""))
    } else {
        reply
    }
}

/// Links from every full page, also if nothing follows, as distribution 3 does.
fn linked_to_the_end(request: &ReceivedRequest, cap: usize) -> Reply {
    let page = page(request, cap);
    let reply = Reply::tags(&page);
    match page.get(cap - 1) {
        Some(last) => reply.header("link", &format!("</v2/a/tags/list?last={last}&n={cap}>; rel=\"next\"")),
        None => reply,
    }
}

/// Truncates without a link, and returns 404 after one tag.
fn lost(request: &ReceivedRequest, after: &str) -> Reply {
    if request.query("last").as_deref() == Some(after) {
        Reply::new(404, r#"{"errors":[{"code":"NAME_UNKNOWN","message":"no such repository"}]}"#)
    } else {
        Reply::tags(page(request, 10))
    }
}

/// Truncates without a link, and starts the next page with `last`.
fn page_from(request: &ReceivedRequest) -> Vec<String> {
    let last = request.query("last").unwrap_or_default();
    all().into_iter().filter(|tag| *tag >= last).take(n(request)).collect()
}

fn in_tens(host: &str) -> Registries {
    connect_with([(host.to_owned(), HostSettings { page_size: Some(10), ..plain(None) })], &[])
}

#[tokio::test]
async fn returns_the_whole_list_or_an_error_for_each_way_of_paging() {
    for (way, answer, expected) in WAYS {
        let server = Double::start(answer).await;
        let registries = in_tens(&server.host());
        let tags = registries.tags(&name(format!("{}/a", server.host()))).await;
        match (tags, expected) {
            (Ok(tags), Ok(requests)) => {
                assert_eq!(texts(tags), all(), "{way}");
                assert_eq!(registries.requests().registry, *requests, "{way}");
            }
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{way}: {error}"),
            (tags, _) => panic!("{way}: {tags:?}"),
        }
    }
}

#[tokio::test]
async fn probes_a_list_of_exactly_one_page_once_per_registry() {
    // Exactly one page, at registries that obey `n` and at those that ignore it.
    let honest =
        Double::start(|request| Reply::tags(page(request, 10).into_iter().filter(|tag| tag.as_str() < "v10"))).await;
    let deaf = Double::start(|_| Reply::tags(all().into_iter().take(10))).await;
    // After a link, a page without one is the last.
    let linking = Double::start(|request| {
        let page = page(request, 10);
        match page[0].as_str() {
            "v00" => Reply::tags(&page).header("link", "<?n=10&last=v09>; rel=next"),
            _ => Reply::tags(&page),
        }
    })
    .await;
    // Registries that start over after the end, with one page and with two.
    let round = |length: usize| {
        Double::start(move |request| {
            let tags = &all()[..length];
            let last = request.query("last").unwrap_or_default();
            let start = tags.iter().position(|tag| *tag > last).unwrap_or_default();
            Reply::tags(tags[start..].iter().take(n(request)))
        })
    };
    let (round_once, round_twice) = (round(10).await, round(20).await);
    let rounds = [(&round_once, 10, [3, 6]), (&round_twice, 20, [4, 8])];
    for (server, tags, requests) in
        rounds.into_iter().chain([(&honest, 10, [2, 4]), (&deaf, 10, [2, 3]), (&linking, 20, [2, 4])])
    {
        let registries = in_tens(&server.host());
        for (image, requests) in ["a", "b"].iter().zip(requests) {
            let list = registries.tags(&name(format!("{}/{image}", server.host()))).await.unwrap();
            assert_eq!((list.len(), registries.requests().registry), (tags, requests));
        }
    }
}

#[tokio::test]
async fn reports_each_exceeded_limit() {
    let server = Double::start(|request| linked(request, "list", 5)).await;
    let image = name(format!("{}/a", server.host()));
    let limited = |limits: ResponseLimits| {
        Registries::connect([(server.host(), plain(None))].into(), keychain(&[]), limits).unwrap()
    };
    let error = limited(ResponseLimits { max_tags: 12, ..ResponseLimits::default() }).tags(&image).await.unwrap_err();
    assert_eq!(error.to_string(), "the tag list has more than 12 tags");
    let error = limited(ResponseLimits { max_pages: 3, ..ResponseLimits::default() }).tags(&image).await.unwrap_err();
    assert_eq!(error.to_string(), "the tag list has more than 3 pages");
    let error =
        limited(ResponseLimits { max_response: 20, ..ResponseLimits::default() }).tags(&image).await.unwrap_err();
    assert!(error.to_string().ends_with("is larger than 20 bytes"), "{error}");
    let silent = Double::start(|_| Reply::tags(["v1"]).manner(Manner::Silence)).await;
    let limits = ResponseLimits { image_timeout: Duration::from_millis(100), ..ResponseLimits::default() };
    let registries = Registries::connect([(silent.host(), plain(None))].into(), keychain(&[]), limits).unwrap();
    let error = registries.tags(&name(format!("{}/a", silent.host()))).await.unwrap_err();
    assert!(matches!(error, RegistryError::ImageTimeout { .. }), "{error}");
    assert!(error.hint().contains("raise `image-timeout`"), "{error}");
    let settings = HostSettings { max_requests: Some(2), ..plain(None) };
    let error = connect_with([(server.host(), settings)], &[]).tags(&image).await.unwrap_err();
    assert!(matches!(error, RegistryError::MaxRequestsReached { limit: 2, .. }), "{error}");
}

/// Docker Hub reports the rate limit with every manifest, also for HEAD.
#[tokio::test]
async fn sends_no_request_after_the_rate_limit_is_exhausted() {
    let left = AtomicUsize::new(3);
    let server = Double::start(move |request| {
        if request.path().ends_with("/tags/list") {
            return Reply::tags(["v1"]);
        }
        let left = left.fetch_sub(1, Ordering::SeqCst) - 1;
        Reply::new(200, "")
            .header("docker-content-digest", &format!("sha256:{}", "0".repeat(64)))
            .header("ratelimit-limit", "3;w=21600")
            .header("ratelimit-remaining", &format!("{left};w=21600"))
    })
    .await;
    let registries = connect_with([(server.host(), plain(None))], &[]);
    let image = name(format!("{}/a", server.host()));
    for _ in 0..3 {
        assert!(registries.digest(&image, &tag("v1")).await.is_ok());
    }
    for error in [registries.digest(&image, &tag("v1")).await.unwrap_err(), registries.tags(&image).await.unwrap_err()]
    {
        assert!(error.to_string().contains("rate limit of"), "{error}");
        assert!(error.to_string().contains("(3;w=21600)"), "{error}");
        assert!(error.hint().contains("log in"));
    }
    assert_eq!(server.received().len(), 3);
    assert!(server.received().iter().all(|request| request.method == "HEAD"));
}
