//! The `Link` header of a page: the URL of the next page. Pure.

use crate::http::header::{HeaderMap, LINK};
use crate::http::{Url, origin, redacted};

/// The end of the path of every tag list.
const LIST: &str = "/tags/list";

/// Returns the URL of the next page, if there is one; an error if it must not be requested.
pub(super) fn next_page(headers: &HeaderMap, here: &Url, registry: &Url) -> Result<Option<Url>, String> {
    let values = headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
    let Some(target) = values.flat_map(read).find(|(_, relation)| relation == "next").map(|(target, _)| target) else {
        return Ok(None);
    };
    let mut next = here.join(&target).map_err(|error| format!("invalid link to its next page: {error}"))?;
    if origin(&next) != origin(registry) {
        return Err(format!("the link to its next page leads to another server, {}", redacted(&next)));
    }
    // Behind a gateway, some registries link to a path that is unreachable from outside: Artifactory omits its repository
    // (renovatebot/renovate#15030), Nexus adds one (sonatype/nexus-public#1011). Only the query counts.
    if next.path().ends_with(LIST) && here.path().ends_with(LIST) {
        next.set_path(here.path());
    }
    Ok(Some(next))
}

/// Parses the targets and relations of one header value: `</v2/a/tags/list?n=5&last=x>; rel="next"` (RFC 8288).
fn read(value: &str) -> Vec<(String, String)> {
    let mut links = Vec::new();
    let mut rest = value;
    while let Some((_, after)) = rest.split_once('<') {
        let Some((target, parameters)) = after.split_once('>') else { break };
        // The parameters end at the next target; a `<` in a parameter does not occur in practice.
        let end = parameters.find('<').unwrap_or(parameters.len());
        let relation = parameters[..end].split([';', ',']).find_map(|parameter| {
            let (key, value) = parameter.split_once('=')?;
            key.trim().eq_ignore_ascii_case("rel").then(|| value.trim().trim_matches('"').to_ascii_lowercase())
        });
        links.push((target.trim().to_owned(), relation.unwrap_or_default()));
        rest = &parameters[end..];
    }
    links
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_links_of_real_registries() {
        let here = Url::parse("https://r.acme:5000/v2/a/tags/list?n=5").unwrap();
        #[rustfmt::skip]
        let rows = [
            (r#"</v2/a/tags/list?last=v5&n=5>; rel="next""#,                        Ok(Some("https://r.acme:5000/v2/a/tags/list?last=v5&n=5"))),
            (r#"<https://r.acme:5000/v2/a/tags/list?last=v5>;rel=next"#,            Ok(Some("https://r.acme:5000/v2/a/tags/list?last=v5"))),
            (r#"<list?last=v5>; REL="Next""#,                                       Ok(Some("https://r.acme:5000/v2/a/tags/list?last=v5"))),
            (r#"</first>; rel="first", </v2/a/tags/list?last=a,b>; rel="next""#,    Ok(Some("https://r.acme:5000/v2/a/tags/list?last=a,b"))),
            (r#"</v2/other/tags/list?last=v5&n=5>; rel="next""#,                    Ok(Some("https://r.acme:5000/v2/a/tags/list?last=v5&n=5"))),
            (r#"<https://r.acme:5000/repository/hub/v2/a/tags/list?n=5>; rel=next"#, Ok(Some("https://r.acme:5000/v2/a/tags/list?n=5"))),
            (r#"</v2/a/tags/list?last=v5>; rel="prev""#,                            Ok(None)),
            ("",                                                                    Ok(None)),
            ("<broken",                                                             Ok(None)),
            (r#"<https://r.acme/v2/a/tags/list?last=v5>; rel="next""#,              Err(())),
            (r#"<http://r.acme:5000/v2/a/tags/list?last=v5>; rel="next""#,          Err(())),
            (r#"<//evil.example/v2/a/tags/list>; rel="next""#,                      Err(())),
        ];
        for (value, expected) in rows {
            let headers = HeaderMap::from_iter([(LINK, value.parse().unwrap())]);
            let next = next_page(&headers, &here, &here).map_err(|_| ());
            assert_eq!(
                next.as_ref().map(|next| next.as_ref().map(Url::as_str)),
                expected.as_ref().map(|e| *e),
                "{value}"
            );
        }
    }
}
