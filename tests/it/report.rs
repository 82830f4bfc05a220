//! Compares every report in every format with `fixtures/report/`. `BLESS=1` rewrites the expected files.

use std::fs;
use std::path::Path;

use jiff::{Timestamp, ToSpan as _};
use regex::Regex;
use tagboat::manifest::{self, FindOptions, Finding, NoticeStatus, RefusedEdit};
use tagboat::plan::LeaveReason;
use tagboat::refname::BranchName;
use tagboat::registry::{RegistryError, SentCredential};
use tagboat::report::{
    CandidateRow, ChangeRow, Explanation, Facts, FailureRow, FileChange, HeldRow, ImageRow, ImageStatus, OutcomeKind,
    ProposalAction, ProposalReason, ProposalRow, RENDERERS, ReferenceList, ReferenceRow, RenderOptions, Renderer,
    RequestCounts, RunOrigin, RunReport, Subject, VerdictKind,
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

/// Reasons in the words of `policy::Reason`.
const NEWEST: &str = "newest of 2 matching tags";
const MOVED: &str = "the current tag is the newest matching tag; v0.1.6 moved from the pinned digest 5e5e5e5e5e5e to 0123456789ab; \
    `pin: follow` follows it";
const OTHER_SHAPES: &str = "the current tag is the newest matching tag; newer tags of another shape exist: v1.2.4.1";
const REFUSED: &str = "cannot connect to registry.example: connection refused";
const NO_VERSION: &str = "the tag main has no version and needs a policy, such as `newest-build` or `digest`";
const TOO_YOUNG: &str = "younger than `min-age` 7d: pushed 2026-11-19T08:30:00Z, eligible on 2026-11-26T08:30:00Z";

/// The failed lookup of an image that anonymous users cannot pull.
fn unauthorized() -> RegistryError {
    RegistryError::Unauthorized {
        image: "ghcr.io/acme/private".to_owned(),
        url: "https://ghcr.io/v2/acme/private/tags/list".to_owned(),
        sent: SentCredential::None,
        detail: String::new(),
    }
}

/// The refused edit of an image that is pinned in a manifest without a field for digests.
fn refused() -> RefusedEdit {
    RefusedEdit::NoPlaceForDigest("docker.io/acme/db:1.2".to_owned())
}

fn list() -> ReferenceList {
    let text = DEPLOYMENT.replace("DIGEST", DIGEST);
    let rows = manifest::find("apps/api/deploy.yaml", text.as_bytes(), &FindOptions::default());
    let row = |finding: &Finding| match finding {
        Finding::Occurrence(found) => match found.reference.name().base() {
            "api" => ReferenceRow::managed(finding, "release", "the rule at tagboat.yaml:12"),
            "redis" => ReferenceRow::managed(finding, "shape", "the default"),
            _ => ReferenceRow::unmanaged(finding, NoticeStatus::Ignored, "no rule matches"),
        },
        Finding::Notice(notice) => ReferenceRow::unmanaged(finding, notice.status, &notice.reason),
    };
    ReferenceList { rows: rows.iter().map(row).collect() }
}

fn candidate(tag: &str, verdict: VerdictKind, reason: &str) -> CandidateRow {
    CandidateRow {
        tag: tag.to_owned(),
        verdict,
        reason: reason.to_owned(),
        facts: (tag == "1.5.0").then(|| Facts { created: "2026-11-02T08:30:00Z".parse().ok(), ..Facts::default() }),
    }
}

fn explanations() -> Vec<Explanation> {
    use VerdictKind::{Accepted, NotEligibleYet, Rejected};
    let first = Explanation {
        image: "ghcr.io/acme/api".to_owned(),
        current: "1.4.2".to_owned(),
        chosen: Some("1.5.0".to_owned()),
        bump: Some("minor"),
        outcome: OutcomeKind::Update,
        reason: NEWEST.to_owned(),
        hint: None,
        moved_digest: None,
        other_shapes: Vec::new(),
        policy: "semver: >=1.0 <3".to_owned(),
        source: Some("the rule at tagboat.yaml:12".to_owned()),
        locations: vec!["apps/api/deploy.yaml:14".to_owned(), "envs/prod/kustomization.yaml:7".to_owned()],
        candidates: vec![
            candidate("1.6.0", NotEligibleYet, TOO_YOUNG),
            candidate("1.5.0", Accepted, NEWEST),
            candidate("1.4.2", Accepted, "current tag"),
            candidate("3.0.0", Rejected, "not in the range >=1.0 <3"),
            candidate("latest", Rejected, "not a semantic version"),
        ],
    };
    let second = Explanation {
        current: "main".to_owned(),
        chosen: None,
        bump: None,
        outcome: OutcomeKind::Held,
        reason: NO_VERSION.to_owned(),
        policy: "shape".to_owned(),
        source: None,
        locations: vec!["envs/dev/kustomization.yaml:7".to_owned()],
        candidates: Vec::new(),
        ..first.clone()
    };
    let error = RegistryError::Offline { image: "docker.io/library/redis".to_owned() };
    let third = Explanation {
        image: "docker.io/library/redis".to_owned(),
        current: "7.2.4".to_owned(),
        outcome: OutcomeKind::Unknown,
        reason: format!("lookup of 7.2.4 failed: {error}"),
        hint: Some(error.hint()),
        policy: r#"{ newest-build: true, include: "^7\\." }"#.to_owned(),
        source: Some("--policy".to_owned()),
        locations: Vec::new(),
        candidates: vec![candidate("7.2.4", NotEligibleYet, "lookup failed")],
        ..second.clone()
    };
    let major = Explanation {
        image: "ghcr.io/acme/major".to_owned(),
        current: "1.9.0".to_owned(),
        chosen: Some("2.0.0".to_owned()),
        bump: Some("major"),
        candidates: Vec::new(),
        ..first.clone()
    };
    vec![first, second, third, major]
}

fn already_proposed(path: &str) -> ChangeRow {
    ChangeRow {
        path: path.to_owned(),
        line: 7,
        field: "images[0].newTag".to_owned(),
        name: "docker.io/library/redis".to_owned(),
        from: "7.2.4".to_owned(),
        to: "8.0.0".to_owned(),
        bump: "major",
        policy: "shape".to_owned(),
        reason: NEWEST.to_owned(),
    }
}

fn about() -> RunOrigin {
    RunOrigin {
        repository: Some("https://github.com/acme/manifests.git".to_owned()),
        base: Some("main".to_owned()),
        run_url: Some("https://github.com/acme/manifests/actions/runs/1234".to_owned()),
        at: Some(NOW),
    }
}

const NOW: Timestamp = Timestamp::constant(1_795_260_000, 0);

fn images() -> Vec<ImageRow> {
    use ImageStatus::{Failed, Held, Ignored, UpToDate, Update};
    let row = |status, name: &str, current: &str, chosen: &str, days: i64, reason: &str, locations: &str| ImageRow {
        status,
        name: name.to_owned(),
        current: current.to_owned(),
        chosen: (!chosen.is_empty()).then(|| chosen.to_owned()),
        built: (days > 0).then(|| NOW - (24 * days).hours()),
        policy: (status != Ignored).then(|| "release".to_owned()),
        reason: reason.to_owned(),
        moved_digest: None,
        other_shapes: Vec::new(),
        hint: if status == Failed { Some(unauthorized().hint()) } else { None },
        failure: (status == Failed).then(|| Subject::Image(name.to_owned())),
        branch: (status == Update).then(|| "tagboat/apps-api".to_owned()),
        locations: locations.split(' ').map(str::to_owned).collect(),
        is_remarkable: [MOVED, OTHER_SHAPES].contains(&reason),
    };
    let digest = format!("1.4.2@{DIGEST}");
    let unauthorized = unauthorized().to_string();
    let refused = refused();
    let hostile = "<img src=x onerror=alert(1)> & \"quotes\"";
    #[rustfmt::skip]
    let rows = vec![
        row(Failed,     "ghcr.io/acme/private",    "2.0.0", "",                                       0,   &unauthorized, "apps/private/deploy.yaml:9"),
        row(Failed,     "registry.example/a",        "1.0.0", "",                                       0,   REFUSED, "apps/a/deploy.yaml:9"),
        row(Failed,     "registry.example/b",        "2.0.0", "",                                       0,   REFUSED, "apps/b/deploy.yaml:9"),
        row(Held,     "ghcr.io/acme/web",        "main",  "",                                       0,   NO_VERSION, "apps/web/deploy.yaml:12"),
        ImageRow { hint: Some(refused.hint()), ..row(Held, "docker.io/acme/db", "1.2", "1.3", 0, &refused.to_string(), "apps/db/db.yaml:5") },
        row(Update,   "ghcr.io/acme/api",        &digest, &format!("1.5.0@{}", DIGEST.replace("0123", "4567")), 3, NEWEST, "apps/api/deploy.yaml:14"),
        row(Update,   "ghcr.io/acme/major",      "1.9.0", "2.0.0",                                 0,   NEWEST, "apps/major/deploy.yaml:3"),
        row(UpToDate, "docker.io/library/redis", "8.0.0", "8.0.0",                                  400, hostile,                            "envs/dev/k.yaml:7 envs/prod/k.yaml:7 envs/qa/k.yaml:7 envs/test/k.yaml:7 envs/demo/k.yaml:7"),
        ImageRow { moved_digest: Some(DIGEST.to_owned()), ..row(UpToDate, "ghcr.io/acme/worker", "v0.1.6@sha256:5e5e", "v0.1.6@sha256:5e5e", 0, MOVED, "apps/worker/k.yaml:7 envs/dev/k.yaml:9") },
        ImageRow { other_shapes: vec!["v1.2.4.1".to_owned()], ..row(UpToDate, "ghcr.io/acme/tool", "1.2.3", "1.2.3", 0, OTHER_SHAPES, "apps/tool/k.yaml:7") },
        row(Ignored,  "registry.k8s.io/pause",   "3.9",   "",                                       0,   "no rule matches",                  "base/pause.yaml:3"),
    ];
    rows
}

/// Returns a value without an image name, a comment beside an image that is updated, a refused edit, and a reference that
/// its policy cannot order.
fn held() -> Vec<HeldRow> {
    let row = |location: (&str, usize), name: Option<&str>, value: &str, reason: String| HeldRow {
        path: location.0.to_owned(),
        line: location.1,
        name: name.map(str::to_owned),
        value: value.to_owned(),
        reason,
        hint: None,
        has_image_row: name.is_some(),
    };
    let sidecar = "ghcr.io/acme/sidecar:${SIDECAR}";
    let comment = "the comment `tag: 1.4.0` differs from the current tag and is not updated".to_owned();
    vec![
        HeldRow {
            has_image_row: false,
            ..row(("apps/api/deploy.yaml", 14), Some("ghcr.io/acme/api"), "ghcr.io/acme/api:1.4.2", comment)
        },
        row(("apps/api/deploy.yaml", 16), None, sidecar, "the value contains a variable".to_owned()),
        row(("apps/api/deploy.yaml", 26), None, sidecar, "the value contains a variable".to_owned()),
        HeldRow {
            hint: Some(refused().hint()),
            ..row(("apps/db/db.yaml", 5), Some("docker.io/acme/db"), "acme/db:1.2", refused().to_string())
        },
        row(("apps/web/deploy.yaml", 12), Some("ghcr.io/acme/web"), "ghcr.io/acme/web:main", NO_VERSION.to_owned()),
    ]
}

/// Returns the failure of one image, and of two images of a registry.
fn failed() -> Vec<FailureRow> {
    let row = |name: &str, reason: &str, location: &str| FailureRow {
        subject: Subject::Image(name.to_owned()),
        host: name.split('/').next().map(str::to_owned),
        cause: None,
        reason: reason.to_owned(),
        hint: Some(unauthorized().hint()),
        locations: vec![location.to_owned()],
    };
    vec![
        row("ghcr.io/acme/private", &unauthorized().to_string(), "apps/private/deploy.yaml:9"),
        row("registry.example/a", REFUSED, "apps/a/deploy.yaml:9"),
        row("registry.example/b", REFUSED, "apps/b/deploy.yaml:9"),
    ]
}

fn run() -> RunReport {
    let proposed = |branch: &str, title: &str, action, url: Option<&str>, reason: Option<LeaveReason>| ProposalRow {
        branch: branch.to_owned(),
        title: title.to_owned(),
        number: url.map(|_| 7),
        head: url.map(|_| "5".repeat(40)),
        action,
        url: url.map(str::to_owned),
        hint: reason.as_ref().and_then(|reason| reason.hint(&BranchName::new(branch).expect("a branch"))),
        reason: reason.map(ProposalReason::Leave),
    };
    let pull = Some("https://github.com/acme/manifests/pull/7");
    RunReport {
        about: about(),
        images: images(),
        changes: vec![ChangeRow {
            path: "apps/api/deploy.yaml".to_owned(),
            line: 14,
            field: "spec.template.spec.containers[0].image".to_owned(),
            name: "ghcr.io/acme/api".to_owned(),
            from: format!("1.4.2@{DIGEST}"),
            to: format!("1.5.0@{}", DIGEST.replace("0123", "4567")),
            bump: "minor",
            policy: "release".to_owned(),
            reason: NEWEST.to_owned(),
        }],
        already_proposed: ["envs/dev/k.yaml", "envs/prod/k.yaml"].map(already_proposed).to_vec(),
        proposals: vec![
            proposed("tagboat/apps-api", "Update ghcr.io/acme/api to 1.5.0", ProposalAction::Open, pull, None),
            proposed(
                "tagboat/apps-web",
                "Update web",
                ProposalAction::Leave,
                None,
                Some(LeaveReason::ForeignCommit { author: "Ann".to_owned() }),
            ),
        ],
        held: held(),
        failed: failed(),
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

/// Matches the parts of an HTML page that are not text.
fn without_style_and_script() -> Regex {
    Regex::new(r"(?s)<(style|script)>.*?</(?:style|script)>").unwrap()
}

fn renderer(name: &str) -> &'static dyn Renderer {
    *RENDERERS.iter().find(|renderer| renderer.name() == name).unwrap()
}

#[test]
fn renders_every_report_in_every_format() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/report");
    for renderer in RENDERERS {
        let name = renderer.name();
        let options = RenderOptions { width: 100, color: false };
        for (report, rendered) in [
            ("list", renderer.list(&list(), options)),
            ("explain", renderer.explanations(&explanations(), options)),
            ("run", renderer.run(&run(), options)),
            ("nothing", renderer.run(&RunReport::default(), options)),
        ] {
            let rendered = without_style_and_script().replace_all(&rendered, "<$1>…</$1>").into_owned();
            let file = folder.join(format!("{report}.{name}"));
            if std::env::var_os("BLESS").is_some() {
                let write = |mut out: fs::File| std::io::Write::write_all(&mut out, rendered.as_bytes());
                fs::File::create(&file).and_then(write).unwrap();
            }
            assert!(name != "html" || rendered.ends_with("</html>\n"), "{rendered}");
            assert_eq!(rendered, fs::read_to_string(&file).unwrap_or_default(), "{}", file.display());
        }
    }
}

/// In HTML, values with the same reason share a row.
#[test]
fn html_and_junit_list_each_held_value_once() {
    let report = run();
    for (name, before) in [("html", ">"), ("junit", "<skipped message=\"")] {
        let rendered = renderer(name).run(&report, RenderOptions::default()).replace("&#x2f;", "/");
        for held in &report.held {
            let count = rendered.matches(&format!("{before}{}", held.reason)).count();
            let alike = report.held.iter().filter(|other| other.reason == held.reason).count();
            assert_eq!(count, if name == "html" { 1 } else { alike }, "{}: {rendered}", held.reason);
        }
    }
}

#[test]
fn json_has_the_documented_keys() {
    let json = renderer("json");
    let options = RenderOptions::default();
    let parse = |text: String| -> serde_json::Value { serde_json::from_str(&text).unwrap() };
    let documents = [
        (
            parse(json.list(&list(), options))[0].clone(),
            "path line column format field value name tag digest value-span tag-span digest-span status policy reason",
        ),
        (parse(json.explanations(&explanations(), options)), "image current chosen outcome policy candidates"),
        (parse(json.run(&run(), options)), "images changes proposals held failed requests"),
        (parse(json.run(&run(), options))["changes"][0].clone(), "path line name from to policy reason"),
        (
            parse(json.run(&run(), options))["images"][0].clone(),
            "name current chosen built status policy reason hint branch locations",
        ),
        (parse(json.run(&run(), options))["proposals"][0].clone(), "branch title action url reason"),
        (parse(json.run(&run(), options))["failed"][0].clone(), "kind subject host reason hint locations"),
        (parse(json.explanations(&explanations(), options))["candidates"][0].clone(), "tag verdict reason"),
        (parse(json.run(&run(), options))["requests"].clone(), "registry token forge"),
    ];
    for (document, keys) in documents {
        for key in keys.split(' ') {
            assert!(document.get(key).is_some(), "{key} in {document}");
        }
    }
}

/// The script runs, and text from registries stays text.
#[test]
#[cfg(unix)]
fn html_report_works_in_a_browser() {
    let Some(browser) = crate::support::process::find("chromium") else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.html");
    let html = renderer("html");
    fs::write(&file, html.run(&run(), RenderOptions::default())).unwrap();
    let output = std::process::Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"])
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("file://{}", file.display()))
        .output()
        .unwrap();
    let page = String::from_utf8(output.stdout).unwrap();
    assert!(page.contains("<html lang=\"en\" class=\"js\">"), "the script does not run: {page}");
    assert!(page.contains("<button>Chosen</button>"), "the table cannot be sorted: {page}");
    assert!(page.contains("&lt;img src=x onerror=alert(1)&gt;") && !page.contains("<img"), "{page}");
}
