//! Tag lists as registries cut them into pages, or not.

use tagboat::registry::{HostSettings, Limits, Registries, Registry, RegistryError};

use super::{connect_with, keychain, name, plain, texts};
use crate::support::wire::{Asked, Double, Reply};

fn all() -> Vec<String> {
    (0..25).map(|number| format!("v{number:02}")).collect()
}

/// What a registry does with `n` and `last`, and how many requests its 25 tags then take in pages of ten.
type Way = (&'static str, fn(&Asked) -> Reply, Result<u64, &'static str>);

#[rustfmt::skip]
const WAYS: &[Way] = &[
    ("link, relative",                  |asked| linked(asked, "/v2/a/tags/list", 10),                         Ok(3)),
    ("link, relative to the list",      |asked| linked(asked, "list", 10),                                    Ok(3)),
    ("link, absolute with its port",    |asked| linked(asked, &format!("http://{}/v2/a/tags/list", asked.header("host").unwrap()), 10), Ok(3)),
    ("link, capped below n",            |asked| linked(asked, "/v2/a/tags/list", 4),                          Ok(7)),
    ("link, absolute without its port", |asked| linked(asked, "http://127.0.0.1/v2/a/tags/list", 10),         Err("leads away from the registry")),
    ("n is ignored",                    |_| Reply::tags(all()),                                               Ok(1)),
    ("text/plain",                      |_| Reply::tags(all()).header("content-type", "text/plain"),          Ok(1)),
    ("cut without a word",              |asked| Reply::tags(page(asked, 10)),                                 Ok(4)),
    ("cut, and last is ignored",        |asked| Reply::tags(all().into_iter().take(n(asked))),                Err("cuts it after 10 tags and does not go on")),
];

fn n(asked: &Asked) -> usize {
    asked.query("n").unwrap().parse().unwrap()
}

/// What comes after `last`, `n` of it, at most `cap`.
fn page(asked: &Asked, cap: usize) -> Vec<String> {
    let last = asked.query("last").unwrap_or_default();
    all().into_iter().filter(|tag| *tag > last).take(n(asked).min(cap)).collect()
}

fn linked(asked: &Asked, base: &str, cap: usize) -> Reply {
    let page = page(asked, cap);
    let last = page.last().unwrap().clone();
    let reply = Reply::tags(&page);
    match last.as_str() {
        "v24" => reply,
        _ => reply.header("link", &format!("<{base}?n={}&last={last}>; rel=\"next\"", n(asked))),
    }
}

fn in_tens(host: &str) -> Registries {
    connect_with([(host.to_owned(), HostSettings { page_size: Some(10), ..plain(None) })], &[])
}

#[tokio::test]
async fn every_way_of_paging_ends_with_the_whole_list_or_none() {
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
async fn a_list_as_long_as_a_page_is_checked_once_per_registry() {
    // Exactly one page, by registries that look at `n` and by those that do not.
    let honest =
        Double::start(|asked| Reply::tags(page(asked, 10).into_iter().filter(|tag| tag.as_str() < "v10"))).await;
    let deaf = Double::start(|_| Reply::tags(all().into_iter().take(10))).await;
    for (server, requests) in [(&honest, [2, 4]), (&deaf, [2, 3])] {
        let registries = in_tens(&server.host());
        for (image, requests) in ["a", "b"].iter().zip(requests) {
            let tags = registries.tags(&name(format!("{}/{image}", server.host()))).await.unwrap();
            assert_eq!((tags.len(), registries.requests().registry), (10, requests));
        }
    }
}

#[tokio::test]
async fn limits_have_errors_of_their_own() {
    let server = Double::start(|asked| linked(asked, "list", 5)).await;
    let image = name(format!("{}/a", server.host()));
    let limited =
        |limits: Limits| Registries::connect([(server.host(), plain(None))].into(), keychain(&[]), limits).unwrap();
    let error = limited(Limits { tags: 12, ..Limits::default() }).tags(&image).await.unwrap_err();
    assert_eq!(error.to_string(), format!("{image}: the tag list has more than 12 tags", image = image.as_str()));
    let error = limited(Limits { pages: 3, ..Limits::default() }).tags(&image).await.unwrap_err();
    assert!(matches!(error, RegistryError::ListTooLong { what: "pages", limit: 3, .. }), "{error}");
    let error = limited(Limits { body: 20, ..Limits::default() }).tags(&image).await.unwrap_err();
    assert!(error.to_string().ends_with("is larger than 20 bytes"), "{error}");
    let settings = HostSettings { budget: Some(2), ..plain(None) };
    let error = connect_with([(server.host(), settings)], &[]).tags(&image).await.unwrap_err();
    assert!(matches!(error, RegistryError::BudgetSpent { budget: 2, .. }), "{error}");
}

#[tokio::test]
async fn a_spent_rate_limit_is_not_run_into() {
    let server = Double::start(|asked| {
        let left = if asked.path().contains("/first/") { "0;w=21600" } else { "5;w=21600" };
        Reply::tags(["v1"]).header("ratelimit-limit", "100;w=21600").header("ratelimit-remaining", left)
    })
    .await;
    let registries = connect_with([(server.host(), plain(None))], &[]);
    assert!(registries.tags(&name(format!("{}/first/a", server.host()))).await.is_ok());
    let error = registries.tags(&name(format!("{}/b", server.host()))).await.unwrap_err();
    assert!(error.to_string().contains("nothing is left of the rate limit"), "{error}");
    assert!(error.hint().unwrap().contains("log in"));
    assert_eq!(server.asked().len(), 1);
}
