//! Faults of a registry: the message for each, that no credential leaks, and that the other images are looked up.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use sha2::{Digest as _, Sha256};
use tagboat::http::{Client, ClientOptions, Request, RetryPolicy, Url};
use tagboat::image::{Digest, Platform};
use tagboat::registry::{Registries, Registry, RegistryError, ResponseLimits};

use super::logins::{SECRET, basic, refs};
use super::{connect, connect_with, keychain, name, plain, tag, texts};
use crate::support::http_double::{Double, Manner, ReceivedRequest, Reply};
use crate::support::process::{ClosedPort, free_port};
use crate::support::token_server::login;

/// The response at `/v2/bad/…` to a request with a credential (the text is the address of another host), and the message
/// for the user.
type Fault = (&'static str, fn(&ReceivedRequest, &str) -> Reply, Expected);

enum Expected {
    /// Parts of the error and of its hint.
    Error(&'static str, &'static str),
    /// The fault has no effect.
    Tags(&'static [&'static str]),
}

use Expected::{Error, Tags};

const SIGNATURE: &str = "sha256-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.sig";
const PAUSE: Duration = Duration::from_millis(20);

#[rustfmt::skip]
const FAULTS: &[Fault] = &[
    // A refused connection affects all images of a host, so this image is on a host of its own.
    (REFUSED,                    |_, _| whole(),                                            Error("cannot connect to", "whether the host is up")),
    ("reset",                    |_, _| whole().manner(Manner::Hangup),                     Error("connection closed before", "try again")),
    ("stall",                    |_, _| whole().manner(Manner::Silence),                    Error("timed out after 0.4 s", "raise `request-timeout`")),
    ("slow drip",                |_, _| whole().manner(Manner::Drip(PAUSE)),                Error("timed out after 0.4 s", "raise `request-timeout`")),
    ("truncated body",           |_, _| whole().manner(Manner::Cut(10)),                    Error("incomplete response", "try again")),
    ("content length too small", |_, _| whole().manner(Manner::Claims(20)),                 Error("is not a tag list", "address of a registry")),
    ("content length too large", |_, _| whole().manner(Manner::Cut(25)),                    Error("incomplete response", "try again")),
    ("gzip bomb",                |_, _| bomb(),                                             Error("is larger than 16777216 bytes", "raise `max-response-mib`")),
    ("500",                      |_, _| Reply::new(500, "oops"),                            Error("returned 500 Internal Server Error: oops", "try again later")),
    ("502",                      |_, _| Reply::new(502, ""),                                Error("returned 502", "try again later")),
    ("503",                      |_, _| Reply::new(503, ""),                                Error("returned 503", "try again later")),
    ("429 storm",                |_, _| Reply::new(429, "").header("retry-after", "0"),     Error("; retry after 0 s", "higher limit")),
    ("401 without challenge",    |_, _| Reply::new(401, ""),                                Error("denied access with the credential from TAGBOAT_REGISTRY_", "current")),
    ("403",                      |_, _| Reply::new(403, DENIED),                            Error("403: http", "permission to pull")),
    ("400",                      |_, _| Reply::new(400, ZOT),                               Error("returned 400 Bad Request: invalid repository name", "check the name of the image")),
    ("404 of zot",               |_, _| Reply::new(404, ZOT),                               Error("n=1000: invalid repository name", "check the name")),
    ("403 of Forgejo",           |_, _| Reply::new(403, FORGEJO),                           Error("_PASSWORD: reqPackageAccess", "permission to pull")),
    ("502 of a gateway",         |_, _| Reply::new(502, r#"{"message":"no upstream"}"#),    Error("returned 502 Bad Gateway: no upstream", "try again later")),
    ("503 as a page",            |_, _| titled_page(503),                                   Error("returned 503 Service Unavailable: the web page \"Down for maintenance\"", "try again later")),
    ("206",                      |_, _| partial(),                                          Error("incomplete tag list: GET http://127.0.0.1", "stays unchanged")),
    ("206 on the second page",   partial_page,                                              Error("page=2 returned 206 Partial Content", "stays unchanged")),
    ("404",                      |_, _| page_for_people(404),                               Error("not found at", "check the name")),
    ("404 on the second page",   lost_page,                                                 Error("incomplete tag list: http://127.0.0.1", "stays unchanged")),
    ("401 on the second page",   locked_page,                                               Error("denied access with the credential", "current")),
    ("500 on the second page",   broken_page,                                               Error("page=2 returned 500", "try again later")),
    (WRONG_DIGEST,               |request, _| of_manifest(request, &zeros()),                   Error("returned content with digest", "changes the responses")),
    ("a page for people",        |_, _| page_for_people(200),                               Error("is not a tag list: expected value", "address of a registry")),
    ("the wrong shape",          |_, _| Reply::new(200, r#"{"tags":{"v1":1}}"#),            Error("expected a list of tags, or null", "address of a registry")),
    ("no tags at all",           |_, _| Reply::new(200, r#"{"name":"x"}"#),                 Error("missing field `tags`", "address of a registry")),
    ("duplicate tags",           |_, _| Reply::tags(["v1", "v2", "v1", "v2", "v2"]),        Tags(&["v1", "v2"])),
    ("invalid tags",       |_, _| Reply::tags(["v1", "-x", "a b", "", "v2", "ä"]),    Tags(&["v1", "v2"])),
    ("only signatures",          |_, _| Reply::tags([SIGNATURE]),                            Tags(&[SIGNATURE])),
    ("redirect to another host", |_, away| moved(&format!("http://{away}/v2/open/tags/list")),   Tags(&["elsewhere"])),
    ("redirect to a closed one", |_, away| moved(&format!("http://{away}/v2/closed/tags/list")), Error("denied access without the credential", "instead of this one")),
    ("redirect out of HTTP",     |_, _| moved("file:///etc/passwd"),                        Error("refused redirect", "redirect leads to")),
    ("redirects without end",    |_, _| moved("/v2/bad/tags/list"),                         Error("redirect", "redirect leads to")),
    ("realm on another host",    |_, away| token_challenge(&format!("http://{away}/token")),    Error("requests the credential from TAGBOAT_REGISTRY_", "auth-hosts: [")),
    ("realm without a URL",     |_, _| token_challenge("http://["),                            Error("denied access with the credential", "current")),
    ("a cycle of links",        |_, _| linked("</v2/bad/tags/list?n=1000>"),               Error("form a cycle", "stays unchanged")),
    ("endless paging",           endless,                                                   Error("more than 2000 pages", "raise the limit")),
    ("the same page again",      again,                                                     Error("its pages repeat", "stays unchanged")),
    ("a link to elsewhere",      |_, away| linked(&format!("<http://{away}/v2/bad/tags/list>")), Error("leads to another server", "set `mirror:` to the server")),
];

const REFUSED: &str = "connection refused";
const WRONG_DIGEST: &str = "wrong digest header";

/// The errors of zot have an object as their detail (pkg/api/errors).
const ZOT: &str = r#"{"errors":[{"code":"NAME_INVALID","message":"invalid repository name","detail":{"description":"Invalid …","name":"bad"}}]}"#;

/// Forgejo uses codes that the specification lacks (routers/api/packages).
const FORGEJO: &str = r#"{"errors":[{"code":"FORBIDDEN","message":"reqPackageAccess"}]}"#;

const DENIED: &str = r#"{"errors":[{"code":"DENIED","message":"no"}]}"#;

fn whole() -> Reply {
    Reply::tags(["v1", "v2", "v3"])
}

/// Returns the requested page; the first is 0.
fn page(request: &ReceivedRequest) -> u32 {
    request.query("page").map_or(0, |page| page.parse().unwrap())
}

fn linked(target: &str) -> Reply {
    whole().header("link", &format!("{target}; rel=\"next\""))
}

/// Returns pages with new tags and a link to another page, without an end.
fn endless(request: &ReceivedRequest, _: &str) -> Reply {
    let link = format!("</v2/bad/tags/list?page={}>; rel=\"next\"", page(request) + 1);
    Reply::tags([format!("v{}", page(request))]).header("link", &link)
}

/// Returns the same page behind different links.
fn again(request: &ReceivedRequest, _: &str) -> Reply {
    linked(&format!("<?page={}>", page(request) + 1))
}

fn second_page(request: &ReceivedRequest, second: Reply) -> Reply {
    if page(request) == 2 { second } else { linked("<?page=2>") }
}

fn lost_page(request: &ReceivedRequest, _: &str) -> Reply {
    second_page(request, Reply::new(404, DENIED))
}

fn locked_page(request: &ReceivedRequest, _: &str) -> Reply {
    second_page(request, Reply::new(401, ""))
}

fn broken_page(request: &ReceivedRequest, _: &str) -> Reply {
    second_page(request, Reply::new(500, ""))
}

/// Returns a valid list with the status of a part.
fn partial() -> Reply {
    Reply::new(206, r#"{"name":"x","tags":["v1"]}"#).header("content-range", "bytes 0-25/90")
}

fn partial_page(request: &ReceivedRequest, _: &str) -> Reply {
    second_page(request, partial())
}

fn moved(to: &str) -> Reply {
    Reply::new(307, "").header("location", to)
}

fn page_for_people(status: u16) -> Reply {
    Reply::new(status, "<html>log in</html>").header("content-type", "text/html")
}

fn titled_page(status: u16) -> Reply {
    Reply::new(status, "<!DOCTYPE html><html><head><title>Down for maintenance</title></head><body>Sorry</body></html>")
}

fn token_challenge(realm: &str) -> Reply {
    Reply::new(401, "").header("www-authenticate", &format!(r#"Bearer realm="{realm}",service="s""#))
}

fn zeros() -> String {
    format!("sha256:{}", "0".repeat(64))
}

/// Returns the list, or a manifest with this digest in its header.
fn of_manifest(request: &ReceivedRequest, digest: &str) -> Reply {
    if request.path().ends_with("/tags/list") {
        whole()
    } else {
        Reply::new(200, MANIFEST).header("docker-content-digest", digest)
    }
}

const MANIFEST: &str =
    r#"{"schemaVersion":2,"config":{"mediaType":"application/x","digest":"sha256:00","size":1},"layers":[]}"#;

fn bomb() -> Reply {
    Reply::new(200, BOMB.clone()).header("content-encoding", "gzip")
}

/// Returns 20 MB, compressed to 20 kB.
static BOMB: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut gzip = Command::new("gzip").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = gzip.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(&vec![b' '; 20 << 20]).unwrap());
    let output = gzip.wait_with_output().unwrap();
    writer.join().unwrap();
    output.stdout
});

/// Starts a host without a configured credential, which records all requests.
async fn other_host() -> Double {
    Double::start(|request| match request.path() {
        "/v2/open/tags/list" => Reply::tags(["elsewhere"]),
        _ => Reply::new(401, "").header("www-authenticate", "Basic realm=x"),
    })
    .await
}

/// Lists the tags of an image, and reads its digest if the fault is there.
async fn ask(registries: &Registries, fault: &str, image: &str) -> Result<Vec<String>, RegistryError> {
    let tags = registries.tags(&name(image)).await?;
    if fault == WRONG_DIGEST {
        registries.facts(&name(image), &tag("v1")).await?;
    }
    Ok(texts(tags))
}

#[tokio::test]
async fn reports_each_fault_without_affecting_other_images() {
    LazyLock::force(&BOMB);
    let other = other_host().await;
    for (fault, answer, expected) in FAULTS {
        let away = other.other_host();
        let server = Double::start(move |request| match login(request) {
            Some((user, secret)) if (&*user, &*secret) != ("me", SECRET) => Reply::new(403, "who is that?"),
            Some(_) if request.path().contains("/bad/") => answer(request, &away),
            Some(_) if request.path().contains("/manifests/") => Reply::new(200, MANIFEST),
            Some(_) => whole(),
            None => Reply::new(401, "").header("www-authenticate", "Basic realm=x"),
        })
        .await;
        let host = server.host();
        let closed = ClosedPort::new();
        let bad = if *fault == REFUSED { closed.address.clone() } else { host.clone() };
        let variables = [basic(&host), basic(&bad)].concat();
        let registries = connect(&[&host, &bad], &refs(&variables));
        let (bad, good) = (format!("{bad}/bad"), format!("{host}/good"));
        let (seen, others) = tokio::join!(ask(&registries, fault, &bad), ask(&registries, fault, &good));
        assert_eq!(others.unwrap(), ["v1", "v2", "v3"], "{fault}");
        // Later requests fail in the same way.
        assert_eq!(ask(&registries, fault, &good).await.unwrap(), ["v1", "v2", "v3"], "{fault}");
        match (seen, expected) {
            (Ok(tags), Tags(expected)) => assert_eq!(tags, *expected, "{fault}"),
            (Err(error), Error(message, hint)) => {
                let (text, advice) = (error.to_string(), error.hint());
                assert!(
                    error.image().is_some_and(|image| image.starts_with(&bad)) && text.contains(message),
                    "{fault}: {text}"
                );
                assert!(!hint.is_empty() && advice.contains(hint), "{fault}: {advice}");
                assert!(!format!("{error:?} {advice}").contains(SECRET), "{fault}: {error:?}");
            }
            (Ok(tags), Error(..)) => panic!("{fault}: {tags:?}"),
            (Err(error), Tags(_)) => panic!("{fault}: {error}"),
        }
    }
    assert!(other.received().len() >= 2, "{:?}", other.received());
    for request in other.received() {
        assert_eq!(request.header("authorization"), None, "{request:?}");
        assert!(!format!("{request:?}").contains(SECRET), "{request:?}");
    }
}

/// Returns an HTTP date that is so many seconds from now.
fn date(seconds: i64) -> String {
    let then = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(seconds);
    then.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[tokio::test]
async fn repeats_requests_after_transient_faults() {
    let fail_once = |failure: fn() -> Reply| {
        let failed = AtomicBool::new(false);
        move |_: &ReceivedRequest| if failed.swap(true, Ordering::SeqCst) { whole() } else { failure() }
    };
    #[rustfmt::skip]
    let rows: [(_, fn() -> Reply, _); 11] = [
        // Fault                     Failure                                                       The shortest wait in seconds
        ("503 with seconds",         || Reply::new(503, "").header("retry-after", "1"),            1.0),
        ("429 with seconds",         || Reply::new(429, "").header("retry-after", "1"),            1.0),
        ("429 with a date",          || Reply::new(429, "").header("retry-after", &date(2)),       0.8),
        ("503 with a date gone by",  || Reply::new(503, "").header("retry-after", &date(-60)),     0.0),
        ("429 with nonsense",        || Reply::new(429, "").header("retry-after", "later"),        0.0),
        ("429 without",              || Reply::new(429, ""),                                       0.0),
        ("500",                      || Reply::new(500, ""),                                       0.0),
        ("502",                      || Reply::new(502, ""),                                       0.0),
        ("504",                      || Reply::new(504, ""),                                       0.0),
        ("hangup",                   || whole().manner(Manner::Hangup),                            0.0),
        ("cut",                      || whole().manner(Manner::Cut(5)),                            0.0),
    ];
    for (fault, failure, seconds) in rows {
        let server = Double::start(fail_once(failure)).await;
        let registries = connect(&[&server.host()], &[]);
        let start = Instant::now();
        let tags = registries.tags(&name(format!("{}/a", server.host()))).await;
        assert_eq!(texts(tags.unwrap()).len(), 3, "{fault}");
        let waited = start.elapsed().as_secs_f64();
        assert!(waited >= seconds, "{fault}: {waited} s");
        assert_eq!(registries.requests().registry, 2, "{fault}");
    }
}

#[tokio::test]
async fn sends_at_most_sixteen_concurrent_requests_to_one_host() {
    let server = Double::start(|request| match request.path() {
        "/v2/first/tags/list" => whole(),
        _ => whole().manner(Manner::Silence),
    })
    .await;
    let limits = ResponseLimits { request_timeout: Duration::from_secs(60), ..ResponseLimits::default() };
    let registries = Registries::connect([(server.host(), plain(None))].into(), keychain(&[]), limits).unwrap();
    registries.tags(&name(format!("{}/first", server.host()))).await.unwrap();
    let images: Vec<_> = (0..40).map(|number| name(format!("{}/app{number}", server.host()))).collect();
    let all = futures_util::future::join_all(images.iter().map(|image| registries.tags(image)));
    assert!(tokio::time::timeout(Duration::from_millis(500), all).await.is_err(), "no response is sent");
    assert_eq!(server.received().len(), 1 + 16);
}

/// A host without any answer costs a few timeouts, however many images are on it. A slow image alone costs its own.
#[tokio::test]
async fn gives_up_a_host_after_a_few_images_that_time_out() {
    let silent = Double::start(|_| whole().manner(Manner::Silence)).await;
    let registries = connect(&[&silent.host()], &[]);
    let (start, mut errors) = (Instant::now(), Vec::new());
    for number in 0..40 {
        errors.push(registries.tags(&name(format!("{}/image-{number}", silent.host()))).await.unwrap_err());
    }
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    let (timed_out, given_up) = errors.split_at(3);
    assert!(timed_out.iter().all(|error| error.to_string().contains("timed out after 0.4 s")), "{timed_out:?}");
    for error in given_up {
        let (text, hint) = (error.to_string(), error.hint());
        assert!(
            text.contains("timed out for 3 images of this run") && hint.contains("whether the host is up"),
            "{text}"
        );
    }
    assert_eq!(silent.received().len(), 3);

    for images in [14, 82] {
        let silent = Double::start(|_| whole().manner(Manner::Silence)).await;
        let registries = connect(&[&silent.host()], &[]);
        let images: Vec<_> = (0..images).map(|number| name(format!("{}/image-{number}", silent.host()))).collect();
        let all = futures_util::future::join_all(images.iter().map(|image| registries.tags(image))).await;
        let given_up =
            all.iter().filter(|tags| tags.as_ref().unwrap_err().to_string().contains("for 3 images")).count();
        assert_eq!((silent.received().len(), given_up), (3, images.len() - 3));
    }

    // A host that answered, and then no longer: the requests that were sent at the same time, and no others.
    let dying = Double::start(|request| match request.path() {
        "/v2/first/tags/list" => whole(),
        _ => whole().manner(Manner::Silence),
    })
    .await;
    let registries = connect(&[&dying.host()], &[]);
    registries.tags(&name(format!("{}/first", dying.host()))).await.unwrap();
    let images: Vec<_> = (0..82).map(|number| name(format!("{}/image-{number}", dying.host()))).collect();
    let all = futures_util::future::join_all(images.iter().map(|image| registries.tags(image))).await;
    assert!(all.iter().all(Result::is_err));
    let sent = dying.received().len() - 1;
    assert!((16..=16 + 3).contains(&sent), "{sent}");

    let mixed = Double::start(
        |request| {
            if request.path().contains("/slow") { whole().manner(Manner::Silence) } else { whole() }
        },
    )
    .await;
    let registries = connect(&[&mixed.host()], &[]);
    for number in 0..4 {
        registries.tags(&name(format!("{}/slow-{number}", mixed.host()))).await.unwrap_err();
        registries.tags(&name(format!("{}/fast-{number}", mixed.host()))).await.unwrap();
    }
}

#[tokio::test]
async fn repeats_only_idempotent_requests() {
    let server = Double::start(|_| Reply::new(503, "")).await;
    let url = Url::parse(&format!("http://{}/", server.host())).unwrap();
    let retry_policy = RetryPolicy { max_attempts: 3, min_wait: Duration::from_millis(1), ..RetryPolicy::default() };
    let client = Client::new(&ClientOptions::default()).unwrap().with_retry_policy(retry_policy);
    for (request, times) in [
        (Request::get(url.clone()), 3),
        (Request::head(url.clone()), 3),
        (Request::post(url.clone()), 1),
        (Request::post(url.clone()).idempotent(), 3),
    ] {
        let before = server.received().len();
        assert!(client.send(request).await.is_err());
        assert_eq!(server.received().len() - before, times, "{:?}", server.received().last());
    }
}

#[tokio::test]
async fn sends_fewer_concurrent_requests_to_an_overloaded_host() {
    // At most eight requests in 50 ms.
    let (start, window, taken) = (Instant::now(), AtomicUsize::new(0), AtomicUsize::new(0));
    let server = Double::start(move |_| {
        let now = usize::try_from(start.elapsed().as_millis() / 50).unwrap();
        if window.swap(now, Ordering::SeqCst) != now {
            taken.store(0, Ordering::SeqCst);
        }
        if taken.fetch_add(1, Ordering::SeqCst) < 8 { whole() } else { Reply::new(429, "") }
    })
    .await;
    let retry_policy = RetryPolicy { max_attempts: 12, min_wait: Duration::from_millis(50), ..RetryPolicy::default() };
    let limits = ResponseLimits { retry_policy, ..ResponseLimits::default() };
    let settings = [(server.host(), plain(None))].into();
    let registries = Registries::connect(settings, keychain(&[]), limits).unwrap();
    let images: Vec<_> = (0..80).map(|number| name(format!("{}/app{number}", server.host()))).collect();
    for tags in futures_util::future::join_all(images.iter().map(|image| registries.tags(image))).await {
        assert_eq!(texts(tags.unwrap()).len(), 3);
    }
    let refused = server.received().len() - images.len();
    assert!((1..80).contains(&refused), "{refused} of {} were refused", server.received().len());
}

/// A window of 240 times the shortest wait, as a minute is for the default of 250 ms, without `Retry-After`.
#[tokio::test]
async fn outlasts_a_rate_limit_that_names_no_delay() {
    const WINDOW: u128 = 480;
    let (start, window, taken) = (Instant::now(), AtomicUsize::new(0), AtomicUsize::new(0));
    let server = Double::start(move |_| {
        let now = usize::try_from(start.elapsed().as_millis() / WINDOW).unwrap();
        if window.swap(now, Ordering::SeqCst) != now {
            taken.store(0, Ordering::SeqCst);
        }
        if taken.fetch_add(1, Ordering::SeqCst) < 60 { whole() } else { Reply::new(429, "") }
    })
    .await;
    let retry_policy = RetryPolicy { min_wait: Duration::from_millis(2), ..RetryPolicy::default() };
    let limits = ResponseLimits { retry_policy, ..ResponseLimits::default() };
    let registries = Registries::connect([(server.host(), plain(None))].into(), keychain(&[]), limits).unwrap();
    let images: Vec<_> = (0..200).map(|number| name(format!("{}/app{number}", server.host()))).collect();
    let all = futures_util::future::join_all(images.iter().map(|image| registries.tags(image))).await;
    let failed: Vec<_> = all.into_iter().filter_map(Result::err).collect();
    assert!(failed.is_empty(), "{} of 200: {}", failed.len(), failed[0]);
}

#[tokio::test]
async fn gives_up_a_host_whose_rate_limit_does_not_end() {
    let server = Double::start(|_| Reply::new(429, "")).await;
    let registries = connect(&[&server.host()], &[]);
    for number in 0..40 {
        let error = registries.tags(&name(format!("{}/app{number}", server.host()))).await.unwrap_err();
        // The host refuses them all, so no message has the address of one image.
        assert!(error.to_string().starts_with(&format!("rate limited by http://{}", server.host())), "{error}");
        assert!(!error.to_string().contains("/v2/"), "{error}");
        assert!(error.hint().contains("log in for a higher limit"), "{error}");
    }
    assert_eq!(server.received().len(), 4);
}

#[tokio::test]
async fn sends_no_request_during_a_rate_limit_of_an_hour() {
    let (hour, later) = ("3600".to_owned(), date(3600));
    for (status, delay) in [(429, hour.clone()), (503, hour), (429, later)] {
        let server = Double::start(move |_| Reply::new(status, "").header("retry-after", &delay)).await;
        let other = Double::start(|_| whole()).await;
        let registries = connect(&[&server.host(), &other.host()], &[]);
        for number in 0..40 {
            let error = registries.tags(&name(format!("{}/app{number}", server.host()))).await.unwrap_err();
            if status == 429 || number > 0 {
                assert!(error.to_string().contains("; retry after 3"), "{error}");
                assert!(error.hint().contains("log in for a higher limit"), "{error}");
            }
        }
        assert_eq!(registries.tags(&name(format!("{}/good", other.host()))).await.unwrap().len(), 3);
        assert_eq!(server.received().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn sends_no_credential_to_the_target_of_a_redirect() {
    let elsewhere = Double::start(|_| Reply::tags(["v1"])).await;
    let away = format!("http://{}/list", elsewhere.other_host());
    let server = Double::start(move |request| match (request.header("authorization"), request.path()) {
        (None, _) => Reply::new(401, "").header("www-authenticate", "Basic realm=x"),
        (_, "/v2/near/tags/list") => Reply::new(307, "").header("location", "/v2/here/tags/list"),
        (_, "/v2/here/tags/list") => Reply::tags(["v2"]),
        _ => Reply::new(307, "").header("location", &away),
    })
    .await;
    let host = server.host();
    let registries = connect(&[&host], &refs(&basic(&host)));
    assert_eq!(texts(registries.tags(&name(format!("{host}/near"))).await.unwrap()), ["v2"]);
    assert_eq!(texts(registries.tags(&name(format!("{host}/far"))).await.unwrap()), ["v1"]);
    let seen = elsewhere.received();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].header("authorization"), None);
    assert_eq!(server.received().iter().filter(|request| request.header("authorization").is_some()).count(), 3);
}

/// A gateway that refuses HEAD is asked once; after that, the manifests are requested.
#[tokio::test]
async fn reads_digests_with_get_where_head_is_refused() {
    for status in [405, 501] {
        let server = Double::start(move |request| match &*request.method {
            "HEAD" => Reply::new(status, ""),
            _ => Reply::new(200, MANIFEST),
        })
        .await;
        let registries = connect(&[&server.host()], &[]);
        for path in ["a", "b", "c"] {
            let digest = registries.digest(&name(format!("{}/{path}", server.host())), &tag("v1")).await.unwrap();
            assert_eq!(digest.as_str(), sha256(MANIFEST), "{status} {path}");
        }
        let methods: Vec<_> = server.received().into_iter().map(|request| request.method).collect();
        assert_eq!(methods, ["HEAD", "GET", "GET", "GET"], "{status}");
    }
}

#[tokio::test]
async fn verifies_digests_against_the_content() {
    let wrong = zeros();
    let reported = wrong.clone();
    let server = Double::start(move |request| match request.path() {
        "/v2/lies/manifests/v1" => Reply::new(200, MANIFEST).header("docker-content-digest", &reported),
        "/v2/mute/manifests/v1" => Reply::new(200, MANIFEST),
        "/v2/old/manifests/v1" => Reply::new(200, r#"{"schemaVersion":1}"#)
            .header("content-type", "application/vnd.docker.distribution.manifest.v1+prettyjws"),
        _ => Reply::new(200, r#"{"schemaVersion":2}"#),
    })
    .await;
    let registries = connect(&[&server.host()], &[]);
    let image = |path: &str| name(format!("{}/{path}", server.host()));
    let lies = registries.facts(&image("lies"), &tag("v1")).await.unwrap_err();
    assert!(matches!(&lies, RegistryError::WrongDigest { expected, .. } if *expected == wrong), "{lies}");
    // HEAD has no digest header, so the digest is that of the content.
    let mute = registries.digest(&image("mute"), &tag("v1")).await.unwrap();
    let facts = registries.facts(&image("mute"), &tag("v1")).await.unwrap();
    assert_eq!(facts.digest, Some(mute));
    for path in ["old", "old"] {
        let old = registries.digest(&image(path), &tag("v1")).await.unwrap_err();
        assert!(matches!(old, RegistryError::Schema1 { .. }), "{old}");
    }
    let shape = registries.facts(&image("shape"), &tag("v1")).await.unwrap_err();
    assert!(matches!(shape, RegistryError::Malformed { expected: "an image manifest", .. }), "{shape}");
}

/// Docker's media types and OCI's, an index and the manifest of one platform: each has its own digest.
#[tokio::test]
async fn reads_indexes_and_manifests_of_docker_and_oci() {
    const DOCKER: &str = "application/vnd.docker.";
    const OCI: &str = "application/vnd.oci.image.";
    let rows = [
        (
            format!("{DOCKER}distribution.manifest.list.v2+json"),
            format!("{DOCKER}distribution.manifest.v2+json"),
            format!("{DOCKER}container.image.v1+json"),
        ),
        (format!("{OCI}index.v1+json"), format!("{OCI}manifest.v1+json"), format!("{OCI}config.v1+json")),
    ];
    for (index_type, manifest_type, config_type) in rows {
        let config = r#"{"created":"2024-01-02T03:04:05Z","os":"linux","architecture":"amd64"}"#.to_owned();
        let descriptor =
            |kind: &str, body: &str| json!({"mediaType": kind, "digest": sha256(body), "size": body.len()});
        let manifest =
            json!({"schemaVersion": 2, "mediaType": manifest_type, "config": descriptor(&config_type, &config), "layers": []})
                .to_string();
        let mut child = descriptor(&manifest_type, &manifest);
        child["platform"] = json!({"os": "linux", "architecture": "amd64"});
        let index = json!({"schemaVersion": 2, "mediaType": index_type, "manifests": [child]}).to_string();
        let digests = [&index, &manifest].map(|body| Digest::new(&sha256(body)).unwrap());
        let wanted = [index_type.clone(), manifest_type.clone()];
        let contents = [(index_type, index), (manifest_type, manifest), (config_type, config)];
        let server = Double::start(move |request| {
            let by_tag = match request.path() {
                "/v2/a/manifests/multi" => Some(0),
                "/v2/a/manifests/single" => Some(1),
                path => contents.iter().position(|(_, body)| path.ends_with(&sha256(body))),
            };
            let accepted = request.header("accept").unwrap_or_default();
            let (kind, body) = &contents[by_tag.unwrap()];
            // Without its media type in `Accept`, a manifest is converted or missing.
            if request.path().contains("/manifests/") && !accepted.contains(kind.as_str()) {
                return Reply::new(404, "");
            }
            Reply::new(200, body.as_str()).header("content-type", kind).header("docker-content-digest", &sha256(body))
        })
        .await;
        let registries = connect(&[&server.host()], &[]);
        let image = name(format!("{}/a", server.host()));
        for (text, digest) in ["multi", "single"].iter().zip(&digests) {
            assert_eq!(registries.digest(&image, &tag(text)).await.unwrap(), *digest, "{wanted:?}");
            let facts = registries.facts(&image, &tag(text)).await.unwrap();
            assert_eq!(facts.digest.as_ref(), Some(digest), "{wanted:?}");
            assert_eq!(facts.created, Some("2024-01-02T03:04:05Z".parse().unwrap()));
            assert_eq!(facts.platforms, [Platform::new("linux/amd64").unwrap()]);
        }
    }
}

fn sha256(body: &str) -> String {
    let hex: String = Sha256::digest(body.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

#[tokio::test]
async fn reports_a_port_without_tls() {
    let server = tagboat::demo::registry::EmbeddedRegistry::start().await.unwrap();
    let registries = connect_with([], &[]);
    let error = registries.tags(&name(format!("{}/a", server.host()))).await.unwrap_err();
    assert!(error.hint().contains("plain-http: true"), "{error}: {:?}", error.hint());
    let port = free_port();
    let error = registries.tags(&name(format!("127.0.0.1:{port}/a"))).await.unwrap_err();
    assert!(error.to_string().contains("onnection refused"), "{error}");
    let error = registries.tags(&name("registry.invalid/a")).await.unwrap_err();
    assert!(error.to_string().starts_with("cannot connect to https://registry.invalid"), "{error}");
}
