//! What goes wrong on the wire: what the user sees of it, that no credential leaves, that the other images are done.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use tagboat::image::Digest;
use tagboat::registry::{Registry, RegistryError};

use super::{connect, name, tag, texts, variable};
use crate::support::process::free_port;
use crate::support::wire::{Asked, Double, Manner, Reply};

const SECRET: &str = "planted-secret";

/// What happens at `/v2/bad/…`, and the errors that name it: a text that has to be there, and one of its hint.
type Fault = (&'static str, fn(&Asked) -> Reply, &'static str, &'static str);

const MILLISECOND: Duration = Duration::from_millis(20);

#[rustfmt::skip]
const FAULTS: &[Fault] = &[
    ("reset",                    |_| whole().manner(Manner::Hangup),                     "broke off: connection closed before",       ""),
    ("stall",                    |_| whole().manner(Manner::Silence),                    "gave no complete answer within 0.4 s",      "raise the time limit"),
    ("slow drip",                |_| whole().manner(Manner::Drip(MILLISECOND)),          "gave no complete answer within 0.4 s",      "raise the time limit"),
    ("truncated body",           |_| whole().manner(Manner::Cut(10)),                    "broke off",                                 ""),
    ("content length too small", |_| whole().manner(Manner::Claims(20)),                 "is not a tag list",                         "address of a registry"),
    ("content length too large", |_| whole().manner(Manner::Cut(25)),                    "broke off",                                 ""),
    ("500",                      |_| Reply::new(500, "oops"),                            "answered 500 Internal Server Error: oops",  "try again later"),
    ("503",                      |_| Reply::new(503, ""),                                "answered 503",                              "try again later"),
    ("429 storm",                |_| Reply::new(429, "").header("retry-after", "0"),     "limits requests; it asks to wait 0 s",      "higher limit"),
    ("429 for an hour",          |_| Reply::new(429, "").header("retry-after", "3600"),  "limits requests; it asks to wait 3600 s",   "higher limit"),
    ("401 without challenge",    |_| Reply::new(401, ""),                                "does not accept an anonymous request",      "docker login"),
    ("403",                      |_| Reply::new(403, DENIED),                            "forbids this to an anonymous request: no",  "right to pull"),
    ("404",                      |_| Reply::new(404, "<html>").header("content-type", "text/html"), "does not exist at",              "is the name right"),
    ("a page for people",        |_| Reply::new(200, "<html>login</html>"),              "is not a tag list: expected value",         "address of a registry"),
    ("the wrong shape",          |_| Reply::new(200, r#"{"tags":{"v1":1}}"#),            "expected a list of tags, or null",          "address of a registry"),
    ("no tags at all",           |_| Reply::new(200, r#"{"name":"x"}"#),                 "missing field `tags`",                      "address of a registry"),
    ("gzip bomb",                |_| Reply::new(200, BOMB.clone()).header("content-encoding", "gzip"),                                      "is larger than 16777216 bytes",             "raise the limit"),
    ("a circle of links",        |_| whole().header("link", "</v2/bad/tags/list?n=1000>; rel=next"),   "in a circle",                 "nothing is changed"),
    ("pages without end",        endless,                                                "more than 2000 pages",                      "raise the limit"),
    ("the same page again",      again,                                                  "its pages repeat",                          "nothing is changed"),
    ("a link to elsewhere",      |_| whole().header("link", "<http://other.invalid/v2/bad/tags/list>; rel=next"), "leads away from the registry", "nothing is changed"),
    ("a redirect without HTTP",  |_| Reply::new(302, "").header("location", "file:///etc/passwd"), "which is not followed",           ""),
];

const DENIED: &str = r#"{"errors":[{"code":"DENIED","message":"no"}]}"#;

fn whole() -> Reply {
    Reply::tags(["v1", "v2", "v3"])
}

/// Each page has new tags, and a link to one more.
fn endless(asked: &Asked) -> Reply {
    let page: u32 = asked.query("page").map_or(0, |page| page.parse().unwrap());
    let link = format!("</v2/bad/tags/list?page={}>; rel=\"next\"", page + 1);
    Reply::tags([format!("v{page}")]).header("link", &link)
}

/// Each page is the same, behind another link.
fn again(asked: &Asked) -> Reply {
    let page: u32 = asked.query("page").map_or(0, |page| page.parse().unwrap());
    whole().header("link", &format!("<?page={}>; rel=\"next\"", page + 1))
}

/// Twenty megabytes in twenty kilobytes.
static BOMB: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut gzip = Command::new("gzip").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = gzip.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(&vec![b' '; 20 << 20]).unwrap());
    let output = gzip.wait_with_output().unwrap();
    writer.join().unwrap();
    output.stdout
});

#[tokio::test]
async fn every_fault_is_told_and_the_other_images_are_done() {
    LazyLock::force(&BOMB);
    for (fault, answer, message, hint) in FAULTS {
        let server =
            Double::start(move |asked| if asked.path().contains("/bad/") { answer(asked) } else { whole() }).await;
        let host = server.host();
        let registries = connect(&[&host], &[]);
        let (bad, good) = (name(format!("{host}/bad")), name(format!("{host}/good")));
        let (bad, good) = tokio::join!(registries.tags(&bad), registries.tags(&good));
        assert_eq!(texts(good.unwrap()), ["v1", "v2", "v3"], "{fault}");
        let error = bad.unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with(&format!("{host}/bad")), "{fault}: {text}");
        assert!(text.contains(message), "{fault}: {text}");
        let told = error.hint().unwrap_or_default();
        assert!(told.contains(hint) && (hint.is_empty() == told.is_empty()), "{fault}: {told}");
    }
}

#[tokio::test]
async fn what_passes_is_tried_again() {
    let fail_once = |failure: Reply| {
        let failed = std::sync::atomic::AtomicBool::new(false);
        move |_: &Asked| {
            if failed.swap(true, std::sync::atomic::Ordering::SeqCst) { whole() } else { failure.clone() }
        }
    };
    let rows = [
        ("503 with seconds", Reply::new(503, "").header("retry-after", "1"), 1),
        ("429 without", Reply::new(429, ""), 0),
        ("502", Reply::new(502, ""), 0),
        ("hangup", whole().manner(Manner::Hangup), 0),
        ("cut", whole().manner(Manner::Cut(5)), 0),
    ];
    for (fault, failure, seconds) in rows {
        let server = Double::start(fail_once(failure)).await;
        let registries = connect(&[&server.host()], &[]);
        let start = std::time::Instant::now();
        let tags = registries.tags(&name(format!("{}/a", server.host()))).await;
        assert_eq!(texts(tags.unwrap()).len(), 3, "{fault}");
        assert_eq!(start.elapsed().as_secs(), seconds, "{fault}");
        assert_eq!(registries.requests().registry, 2, "{fault}");
    }
}

#[tokio::test]
async fn tags_that_are_none_and_tags_twice() {
    let server = Double::start(|_| Reply::tags(["v1", "-x", "v2", "v1", "a b", "v2", ""])).await;
    let registries = connect(&[&server.host()], &[]);
    assert_eq!(texts(registries.tags(&name(format!("{}/a", server.host()))).await.unwrap()), ["v1", "v2"]);
}

#[tokio::test]
async fn credentials_do_not_follow_a_redirect_to_another_host() {
    let elsewhere = Double::start(|_| Reply::tags(["v1"])).await;
    let away = format!("http://{}/list", elsewhere.other_host());
    let server = Double::start(move |asked| match (asked.header("authorization"), asked.path()) {
        (None, _) => Reply::new(401, "").header("www-authenticate", "Basic realm=x"),
        (_, "/v2/near/tags/list") => Reply::new(307, "").header("location", "/v2/here/tags/list"),
        (_, "/v2/here/tags/list") => Reply::tags(["v2"]),
        _ => Reply::new(307, "").header("location", &away),
    })
    .await;
    let host = server.host();
    let variables = [(variable(&host, "USERNAME"), "me".to_owned()), (variable(&host, "PASSWORD"), SECRET.to_owned())];
    let variables: Vec<_> = variables.iter().map(|(name, value)| (&**name, &**value)).collect();
    let registries = connect(&[&host], &variables);
    assert_eq!(texts(registries.tags(&name(format!("{host}/near"))).await.unwrap()), ["v2"]);
    assert_eq!(texts(registries.tags(&name(format!("{host}/far"))).await.unwrap()), ["v1"]);
    let seen = elsewhere.asked();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].header("authorization"), None);
    assert_eq!(server.asked().iter().filter(|asked| asked.header("authorization").is_some()).count(), 3);
}

#[tokio::test]
async fn digests_are_held_against_the_content() {
    let manifest =
        r#"{"schemaVersion":2,"config":{"mediaType":"application/x","digest":"sha256:00","size":1},"layers":[]}"#;
    let wrong = format!("sha256:{}", "0".repeat(64));
    let told = wrong.clone();
    let server = Double::start(move |asked| match asked.path() {
        "/v2/lies/manifests/v1" => Reply::new(200, manifest).header("docker-content-digest", &told),
        "/v2/mute/manifests/v1" => Reply::new(200, manifest),
        "/v2/old/manifests/v1" => Reply::new(200, r#"{"schemaVersion":1}"#)
            .header("content-type", "application/vnd.docker.distribution.manifest.v1+prettyjws"),
        _ => Reply::new(200, r#"{"schemaVersion":2}"#),
    })
    .await;
    let registries = connect(&[&server.host()], &[]);
    let image = |path: &str| name(format!("{}/{path}", server.host()));
    let lies = registries.facts(&image("lies"), &tag("v1")).await.unwrap_err();
    assert!(matches!(&lies, RegistryError::WrongDigest { promised, .. } if *promised == wrong), "{lies}");
    // HEAD does not tell: the content does.
    let mute = registries.digest(&image("mute"), &tag("v1")).await.unwrap();
    let facts = registries.facts(&image("mute"), &tag("v1")).await.unwrap();
    assert_eq!(facts.digest, Some(mute));
    for path in ["old", "old"] {
        let old = registries.digest(&image(path), &tag("v1")).await.unwrap_err();
        assert!(matches!(old, RegistryError::Schema1 { .. }), "{old}");
    }
    let shape = registries.facts(&image("shape"), &tag("v1")).await.unwrap_err();
    assert!(matches!(shape, RegistryError::Malformed { expected: "an image manifest", .. }), "{shape}");
    assert!(Digest::new(&wrong).is_ok());
}

#[tokio::test]
async fn a_port_that_speaks_something_else() {
    let server = tagboat::demo::registry::Registry::start().await.unwrap();
    let registries = super::connect_with([], &[]);
    let error = registries.tags(&name(format!("{}/a", server.host()))).await.unwrap_err();
    assert!(error.hint().unwrap().contains("plain-http: true"), "{error}: {:?}", error.hint());
    let port = free_port();
    let error = registries.tags(&name(format!("127.0.0.1:{port}/a"))).await.unwrap_err();
    assert!(error.to_string().contains("onnection refused"), "{error}");
    let error = registries.tags(&name("registry.invalid/a")).await.unwrap_err();
    assert!(error.to_string().starts_with("registry.invalid/a: no connection to https://registry.invalid"), "{error}");
}
