//! Reports, to the letter: what people and scripts get to read. `BLESS=1` writes the expected texts anew.

use std::fs;
use std::path::Path;

use jiff::{Timestamp, ToSpan as _};
use regex::Regex;
use tagboat::manifest::{self, Finding, NoticeStatus, Options};
use tagboat::report::{
    About, Candidate, Changed, Done, Explanation, Facts, Failed, FileChange, Held, ImageRow, ImageState, List, Page,
    Proposed, RENDERERS, RequestCounts, Row, RunReport,
};

const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata: { name: api }
spec:
  template:
    spec:
      containers:
        - name: api
          image: ghcr.io/acme/api:1.4.2
        - name: cache
          image: redis:7.2.4@DIGEST
        - name: web
          image: ghcr.io/acme/web:3d9b390
        - name: sidecar
          image: ghcr.io/acme/sidecar:${SIDECAR}
";

/// What governs each image, as a configuration might have it.
fn list() -> List {
    let text = DEPLOYMENT.replace("DIGEST", DIGEST);
    let rows = manifest::find("apps/api/deploy.yaml", text.as_bytes(), &Options::default());
    let row = |finding: &Finding| match finding {
        Finding::Occurrence(found) => match found.reference.name().base() {
            "api" => Row::governed(finding, "release", "the rule at tagboat.yaml:12"),
            "redis" => Row::governed(finding, "shape", "the default"),
            _ => Row::ungoverned(finding, NoticeStatus::Ignored, "no rule matches"),
        },
        Finding::Notice(notice) => Row::ungoverned(finding, notice.status, "it holds a variable"),
    };
    List { rows: rows.iter().map(row).collect() }
}

fn explanations() -> Vec<Explanation> {
    let candidate = |tag: &str, accepted, reason: &str| Candidate {
        tag: tag.to_owned(),
        accepted,
        reason: reason.to_owned(),
        facts: (tag == "1.5.0").then(|| Facts { created: "2026-11-02T08:30:00Z".parse().ok(), ..Facts::default() }),
    };
    let first = Explanation {
        image: "ghcr.io/acme/api".to_owned(),
        current: "1.4.2".to_owned(),
        chosen: Some("1.5.0".to_owned()),
        outcome: "update",
        reason: "the newest in the range >=1.0 <3".to_owned(),
        policy: "semver: >=1.0 <3".to_owned(),
        source: Some("the rule at tagboat.yaml:12".to_owned()),
        places: vec!["apps/api/deploy.yaml:14".to_owned(), "envs/prod/kustomization.yaml:7".to_owned()],
        candidates: vec![
            candidate("1.5.0", true, "in the range >=1.0 <3"),
            candidate("1.4.2", true, "in the range >=1.0 <3"),
            candidate("3.0.0", false, "not in the range >=1.0 <3"),
            candidate("latest", false, "no version"),
        ],
    };
    let second = Explanation {
        current: "main".to_owned(),
        chosen: None,
        outcome: "held",
        reason: "the tag main has no order: it needs a policy".to_owned(),
        policy: "shape".to_owned(),
        source: None,
        places: vec!["envs/dev/kustomization.yaml:7".to_owned()],
        candidates: Vec::new(),
        ..first.clone()
    };
    vec![first, second]
}

fn waiting(path: &str) -> Changed {
    Changed {
        path: path.to_owned(),
        line: 7,
        field: "images[0].newTag".to_owned(),
        name: "docker.io/library/redis".to_owned(),
        from: "7.2.4".to_owned(),
        to: "7.2.5".to_owned(),
        policy: "shape".to_owned(),
        reason: "the newest of its shape".to_owned(),
    }
}

fn about() -> About {
    About {
        repository: Some("https://github.com/acme/manifests.git".to_owned()),
        base: Some("main".to_owned()),
        run_url: Some("https://github.com/acme/manifests/actions/runs/1234".to_owned()),
        at: Some(NOW),
    }
}

const NOW: Timestamp = Timestamp::constant(1_795_260_000, 0);

fn images() -> Vec<ImageRow> {
    use ImageState::{Failed, Held, NotOurs, UpToDate, Update};
    let row = |state, name: &str, current: &str, newest: &str, days: i64, reason: &str, places: &str| ImageRow {
        state,
        name: name.to_owned(),
        current: current.to_owned(),
        newest: (!newest.is_empty()).then(|| newest.to_owned()),
        built: (days > 0).then(|| NOW - (24 * days).hours()),
        policy: (state != NotOurs).then(|| "release".to_owned()),
        reason: reason.to_owned(),
        hint: (state == Failed).then(|| "the token needs read:packages".to_owned()),
        branch: (state == Update).then(|| "tagboat/apps-api".to_owned()),
        places: places.split(' ').map(str::to_owned).collect(),
    };
    let digest = format!("1.4.2@{DIGEST}");
    let lost = "401 unauthorized: GET https://ghcr.io/v2/acme/private/tags/list";
    let hostile = "<img src=x onerror=alert(1)> & \"quotes\"";
    #[rustfmt::skip]
    let rows = vec![
        row(Failed,   "ghcr.io/acme/private",    "2.0.0", "",                                       0,   lost,                               "apps/private/deploy.yaml:9"),
        row(Held,     "ghcr.io/acme/web",        "main",  "",                                       0,   "the tag main has no order: it needs a policy", "apps/web/deploy.yaml:12"),
        row(Update,   "ghcr.io/acme/api",        &digest, &format!("1.5.0@{}", DIGEST.replace("0123", "4567")), 3, "the newest in the range >=1.0 <3", "apps/api/deploy.yaml:14"),
        row(UpToDate, "docker.io/library/redis", "7.2.5", "7.2.5",                                  400, hostile,                            "envs/dev/k.yaml:7 envs/prod/k.yaml:7 envs/qa/k.yaml:7 envs/test/k.yaml:7 envs/demo/k.yaml:7"),
        row(NotOurs,  "registry.k8s.io/pause",   "3.9",   "",                                       0,   "no rule matches",                  "base/pause.yaml:3"),
    ];
    rows
}

fn run() -> RunReport {
    let proposed = |branch: &str, title: &str, action, url: Option<&str>, why: Option<&str>| Proposed {
        branch: branch.to_owned(),
        title: title.to_owned(),
        number: url.map(|_| 7),
        head: url.map(|_| "5".repeat(40)),
        action,
        url: url.map(str::to_owned),
        why: why.map(str::to_owned),
    };
    let pull = Some("https://github.com/acme/manifests/pull/7");
    RunReport {
        about: about(),
        images: images(),
        changes: vec![Changed {
            path: "apps/api/deploy.yaml".to_owned(),
            line: 14,
            field: "spec.template.spec.containers[0].image".to_owned(),
            name: "ghcr.io/acme/api".to_owned(),
            from: format!("1.4.2@{DIGEST}"),
            to: format!("1.5.0@{}", DIGEST.replace("0123", "4567")),
            policy: "release".to_owned(),
            reason: "the newest in the range >=1.0 <3".to_owned(),
        }],
        waiting: ["envs/dev/k.yaml", "envs/prod/k.yaml"].map(waiting).to_vec(),
        proposals: vec![
            proposed("tagboat/apps-api", "Update ghcr.io/acme/api to 1.5.0", Done::Open, pull, None),
            proposed("tagboat/apps-web", "Update web", Done::Leave, None, Some("ann@acme.dev pushed to the branch")),
        ],
        held: vec![Held {
            path: "charts/web/values.yaml".to_owned(),
            line: 3,
            name: None,
            value: "{{ .Values.tag }}".to_owned(),
            reason: "a template stands where the tag should".to_owned(),
        }],
        failed: vec![Failed {
            what: "ghcr.io/acme/private".to_owned(),
            reason: "401 unauthorized: GET https://ghcr.io/v2/acme/private/tags/list".to_owned(),
            hint: Some("the token needs read:packages".to_owned()),
            places: vec!["apps/private/deploy.yaml:9".to_owned()],
        }],
        requests: RequestCounts { registry: 3, token: 2, forge: 4 },
        dry_run: false,
        up_to_date: 8,
        files: vec![FileChange {
            path: "apps/api/deploy.yaml".to_owned(),
            before: b"    image: ghcr.io/acme/api:1.4.2\r\n".to_vec(),
            after: b"    image: ghcr.io/acme/api:1.5.0\r\n".to_vec(),
        }],
    }
}

/// What an HTML page looks like and can do is no matter of what it says.
fn looks() -> Regex {
    Regex::new(r"(?s)<(style|script)>.*?</(?:style|script)>").unwrap()
}

#[test]
fn every_report_in_every_form() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/report");
    for (name, renderer) in RENDERERS {
        let page = Page { width: 100, color: false };
        for (report, told) in [
            ("list", renderer.list(&list(), page)),
            ("explain", renderer.explanations(&explanations(), page)),
            ("run", renderer.run(&run(), page)),
            ("nothing", renderer.run(&RunReport::default(), page)),
        ] {
            let told = looks().replace_all(&told, "<$1>…</$1>").into_owned();
            let file = folder.join(format!("{report}.{name}"));
            if std::env::var_os("BLESS").is_some() {
                let write = |mut out: fs::File| std::io::Write::write_all(&mut out, told.as_bytes());
                fs::File::create(&file).and_then(write).unwrap();
            }
            assert!(*name != "html" || told.ends_with("</html>\n"), "{told}");
            assert_eq!(told, fs::read_to_string(&file).unwrap_or_default(), "{}", file.display());
        }
    }
}

/// The keys that the design promises to scripts.
#[test]
fn scripts_find_their_keys() {
    let json = RENDERERS.iter().find(|(name, _)| *name == "json").unwrap().1;
    let page = Page::default();
    let parse = |text: String| -> serde_json::Value { serde_json::from_str(&text).unwrap() };
    let documents = [
        (
            parse(json.list(&list(), page))[0].clone(),
            "path line column format field value name tag digest value-span tag-span digest-span status policy reason",
        ),
        (parse(json.explanations(&explanations(), page)), "image current chosen outcome policy candidates"),
        (parse(json.run(&run(), page)), "images changes proposals held failed requests"),
        (parse(json.run(&run(), page))["changes"][0].clone(), "path line name from to policy reason"),
        (
            parse(json.run(&run(), page))["images"][0].clone(),
            "name current newest built state policy reason hint branch places",
        ),
        (parse(json.run(&run(), page))["proposals"][0].clone(), "branch title action url"),
        (parse(json.run(&run(), page))["requests"].clone(), "registry token forge"),
    ];
    for (document, keys) in documents {
        for key in keys.split(' ') {
            assert!(document.get(key).is_some(), "{key} in {document}");
        }
    }
}

/// What a browser makes of the page: its script runs, and text from registries stays text.
#[test]
#[cfg(unix)]
fn a_browser_shows_the_page() {
    let Some(browser) = crate::support::process::find("chromium") else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.html");
    let html = RENDERERS.iter().find(|(name, _)| *name == "html").unwrap().1;
    fs::write(&file, html.run(&run(), Page::default())).unwrap();
    let output = std::process::Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"])
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("file://{}", file.display()))
        .output()
        .unwrap();
    let page = String::from_utf8(output.stdout).unwrap();
    assert!(page.contains("<html lang=\"en\" class=\"js\">"), "its script does not run: {page}");
    assert!(page.contains("<button>Newest</button>"), "nothing can be sorted: {page}");
    assert!(page.contains("&lt;img src=x onerror=alert(1)&gt;") && !page.contains("<img"), "{page}");
}
