//! Compares policies with recorded answers of other tools' test suites, which are in `shared/`.
//!
//! Each test counts the comparable rows. Every difference is listed with its reason: a new difference fails, and so does a
//! listed one that no longer exists.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tagboat::image::{ImageFacts, ImageReference, Platform, Tag};
use tagboat::interop::argocd::settings as argo;
use tagboat::interop::flux::settings as flux;
use tagboat::policy::{
    Candidate, ExternalFacts, Gates, Known, Outcome, Pinning, PolicyEntry, PolicyError, Question, SelectionStep,
    Settings, Version, build, explain,
};

use crate::policies::choose_offline;
use crate::support::shared;

fn load(name: &str) -> Option<Value> {
    let folder = shared("conformance")?;
    Some(serde_json::from_str(&std::fs::read_to_string(folder.join(name)).unwrap()).unwrap())
}

/// Counts rows and compares the differences with the known ones.
#[derive(Default)]
struct Tally {
    agreed: usize,
    differing: Vec<String>,
    left_out: usize,
}

impl Tally {
    fn row(&mut self, id: &str, ours: &str, theirs: &str) {
        if ours == theirs {
            self.agreed += 1;
        } else {
            self.differing.push(format!("{id}: Tagboat {ours}, peer {theirs}"));
        }
    }

    fn finish(self, what: &str, agreed: usize, left_out: usize, known: &[(&str, &str)]) {
        let Self { agreed: count, differing, left_out: out } = self;
        println!("{what}: {count} agree, {} differ, {out} not comparable", differing.len());
        let unknown = |row: &&String| !known.iter().any(|(id, _)| row.starts_with(&format!("{id}: ")));
        let new: Vec<&String> = differing.iter().filter(unknown).collect();
        let gone: Vec<&str> = known
            .iter()
            .map(|(id, _)| *id)
            .filter(|id| !differing.iter().any(|row| row.starts_with(&format!("{id}: "))))
            .collect();
        assert!(new.is_empty(), "{what}: {} rows:\n{new:#?}", new.len());
        assert!(gone.is_empty(), "{what}: no longer different: {gone:?}");
        assert_eq!((count, out), (agreed, left_out), "{what}");
    }
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().map(|list| list.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}

fn tags(texts: &[&str]) -> Option<Vec<Candidate>> {
    texts.iter().map(|text| Tag::new(text).ok().map(Candidate::new)).collect()
}

fn ask(entry: &PolicyEntry, current: &str, candidates: &[Candidate]) -> (Outcome, Vec<(String, bool)>) {
    let current = ImageReference::new(&format!("registry.example/app:{current}")).unwrap();
    let question = Question {
        current: &current,
        entry,
        names_image: true,
        is_listed: true,
        gates: &Gates::default(),
        pinning: Pinning::Keep,
        external: &ExternalFacts::NotNeeded,
        now: Timestamp::UNIX_EPOCH,
    };
    let mut candidates = candidates.to_vec();
    let SelectionStep::Decided(decision) = choose_offline(&question, &mut candidates) else { panic!("needs facts") };
    let judged = explain(&question, &candidates);
    (decision.outcome, judged.into_iter().map(|row| (row.tag.to_string(), row.verdict.is_accepted())).collect())
}

/// Returns the tag that an entry selects, or `none`, or `unknown` for a tie.
fn chosen(entry: Result<PolicyEntry, PolicyError>, current: &str, candidates: &[Candidate]) -> String {
    let Ok(entry) = entry else { return "none".to_owned() };
    match ask(&entry, current, candidates).0 {
        Outcome::Update(choice) => choice.tag.to_string(),
        Outcome::UpToDate(_) | Outcome::Delayed(_) => current.to_owned(),
        Outcome::Held(_) => "none".to_owned(),
        Outcome::Unknown(_) => "unknown".to_owned(),
    }
}

/// Flux ignores the current tag, so the rows have none.
fn flux_entry(policy: &Value, repository: Option<&Value>) -> Result<PolicyEntry, PolicyError> {
    let mut entry = build(&flux::settings(policy, repository)?)?;
    entry.bounds.allows_downgrade = true;
    Ok(entry)
}

/// Every shape of tag in real manifests (`field/corpus.md`, D) is the current tag of a row in the table of `shape`.
#[test]
fn shape_table_covers_every_tag_shape_of_real_manifests() {
    let Some(folder) = shared("field") else { return };
    let corpus = std::fs::read_to_string(folder.join("corpus.md")).unwrap();
    let section = corpus.split("## D. Tag shapes").nth(1).unwrap().split("\n## ").next().unwrap();
    let table = include_str!("../../fixtures/policy/shape.txt");
    let current: BTreeSet<&str> = table.lines().filter_map(|line| line.split(" | ").nth(1)).map(str::trim).collect();
    let quoted = |line: &str| line.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let rows = section.lines().filter(|line| line.starts_with("| ")).map(quoted).filter(|tags| !tags.is_empty());
    let lacking: Vec<_> =
        rows.filter(|tags| !tags.iter().any(|tag| current.iter().any(|one| one.starts_with(&**tag)))).collect();
    assert!(section.contains("linuxserver") && lacking.is_empty(), "{lacking:#?}");
}

#[test]
fn semver_ranges_accept_what_flux_accepts() {
    let Some(grid) = load("flux_semver_grid.json") else { return };
    let all: Vec<&str> = grid["parsed"].as_array().unwrap().iter().filter_map(|row| row["Tag"].as_str()).collect();
    let mut tally = Tally::default();
    for row in grid["ranges"].as_array().unwrap() {
        let range = row["range"].as_str().unwrap();
        let entry = flux_entry(&json!({ "policy": { "semver": { "range": range } } }), None);
        let theirs: BTreeSet<&str> = strings(&row["accepted"]).into_iter().collect();
        if entry.is_err() != row["error"].is_string() {
            tally.differing.push(format!("{range}: Tagboat {:?}, peer {:?}", entry.err(), row["error"]));
            continue;
        }
        let candidates: Vec<Candidate> =
            all.iter().filter_map(|text| Tag::new(text).ok()).map(Candidate::new).collect();
        let ours: BTreeSet<String> = match &entry {
            Ok(entry) => ask(entry, "none", &candidates).1.into_iter().filter(|row| row.1).map(|row| row.0).collect(),
            Err(_) => BTreeSet::new(),
        };
        for tag in &all {
            tally.row(tag, &ours.contains(*tag).to_string(), &theirs.contains(tag).to_string());
        }
    }
    // Flux cannot parse numbers above 64 bits; Tagboat accepts any length.
    tally.finish("ranges of Flux, cells", 5885, 0, &[("18446744073709551616.0.0", "a number of any length")]);
}

fn flux_row(tally: &mut Tally, case: &Value) {
    let (id, texts) = (case["id"].as_str().unwrap(), strings(&case["tags"]));
    let policy = json!({ "policy": case["policy"], "filterTags": case["filterTags"] });
    let expected = &case["expected"];
    let verdict = |bad: bool| if bad { "error" } else { "fine" };
    match (case["type"].as_str().unwrap(), tags(&texts)) {
        ("policy_constructor", _) => {
            tally.row(id, verdict(flux_entry(&policy, None).is_err()), verdict(expected["error"] == true));
        }
        ("parse_version", _) => {
            let text = case["version"].as_str().unwrap();
            let is_full_version = text.split('.').count() > 2 && Version::new(text).is_some();
            tally.row(id, verdict(!is_full_version), verdict(expected["error"] == true));
        }
        ("latest", Some(candidates)) => {
            let ours = chosen(flux_entry(&policy, None), "none", &candidates);
            let random = strings(&expected["nondeterministic_upstream"]);
            match expected["latest"].as_str() {
                // Any answer of the peer is accepted if its answer varies between runs.
                None if random.iter().any(|one| one.strip_prefix("OK:") == Some(&*ours)) => tally.agreed += 1,
                theirs => tally.row(id, &ours, theirs.unwrap_or("none")),
            }
        }
        ("exclusion", Some(_)) => {
            let any = json!({ "policy": { "alphabetical": {} } });
            let entry = flux_entry(&any, Some(&json!({ "exclusionList": case["exclusionList"] })));
            let Ok(entry) = entry else {
                tally.row(id, "error", verdict(expected["error"] == true));
                return;
            };
            let kept: BTreeSet<&str> = texts.iter().copied().filter(|tag| entry.filter.read(tag).is_some()).collect();
            let theirs = if expected["tags_ordered"].is_null() {
                &expected["tags_unordered"]
            } else {
                &expected["tags_ordered"]
            };
            tally.row(id, &format!("{kept:?}"), &format!("{:?}", strings(theirs).into_iter().collect::<BTreeSet<_>>()));
        }
        ("filter", Some(_)) => {
            let entry =
                flux_entry(&json!({ "policy": { "alphabetical": {} }, "filterTags": case["filterTags"] }), None)
                    .unwrap();
            let read: BTreeSet<String> =
                texts.iter().filter_map(|tag| entry.filter.read(tag)).map(Into::into).collect();
            let theirs: BTreeSet<String> =
                strings(&expected["filtered_sorted"]).into_iter().map(str::to_owned).collect();
            tally.row(id, &format!("{read:?}"), &format!("{theirs:?}"));
        }
        // Scans, samples in a status and digests over two passes belong to a controller; `-62` is not a tag.
        _ => tally.left_out += 1,
    }
}

#[test]
fn policies_select_what_flux_selects() {
    let Some(cases) = load("flux_policy_cases.json") else { return };
    let mut tally = Tally::default();
    cases["cases"].as_array().unwrap().iter().for_each(|case| flux_row(&mut tally, case));
    #[rustfmt::skip]
    tally.finish("policies of Flux", 160, 30, &[
        ("obs-14", "defect of Flux: two numbers above 2^53 become the same float"),
        ("obs-15", "defect of Flux: two numbers above 2^53 become the same float"),
        ("obs-16", "1e3 is read as a commit, not as a number"),
        ("obs-18", "inf is read as a word"),
        ("obs-19", "nan is read as a word"),
        ("obs-68", "if all tags extract the same text, none is newer"),
        ("obs-67", "an unknown group extracts an empty text from every tag, which is an error"),
    ]);
}

fn annotated(alias: &str, pairs: &[(&str, Option<String>)]) -> Map<String, Value> {
    let key = |name: &str| {
        if name == "image-list" { format!("{}{name}", argo::PREFIX) } else { format!("{}{alias}.{name}", argo::PREFIX) }
    };
    pairs.iter().filter_map(|(name, value)| value.clone().map(|value| (key(name), Value::String(value)))).collect()
}

/// Returns the images of an application if all of them are valid.
fn watched(annotations: &Map<String, Value>) -> Result<Vec<argo::Watched>, PolicyError> {
    let watched = argo::annotations(annotations)?;
    watched.iter().try_for_each(|one| one.settings.clone().map(drop))?;
    Ok(watched)
}

fn argo_entry(pairs: &[(&str, Option<String>)]) -> Result<PolicyEntry, PolicyError> {
    let watched = watched(&annotated("a", pairs))?.remove(0);
    let mut entry = build(&watched.settings?)?;
    entry.bounds.allows_downgrade = true;
    Ok(entry)
}

fn argo_row(tally: &mut Tally, case: &Value) {
    let (id, input, expect) = (case["id"].as_str().unwrap(), &case["input"], &case["expect"]);
    let text = |name: &str| input[name].as_str().map(str::to_owned);
    match case["kind"].as_str().unwrap() {
        "select_tag" if text("strategy").as_deref() == Some("digest") => tally.left_out += 1,
        "select_tag" => {
            let image = text("current_image").unwrap();
            let (name, current) = image.rsplit_once(':').unwrap();
            let list = Some(format!("a={name}:{}", text("constraint").unwrap()));
            let ours = chosen(
                argo_entry(&[("image-list", list), ("update-strategy", text("strategy"))]),
                current,
                &dated(&input["tags"]),
            );
            tally.row(id, &ours, expect["tag"].as_str().unwrap_or("none"));
        }
        "sort_tags_ascending" => {
            let strategy = text("by").map(|by| if by == "created" { "newest-build".to_owned() } else { by });
            let entry =
                argo_entry(&[("image-list", Some("a=x/y:*-0".to_owned())), ("update-strategy", strategy)]).unwrap();
            let mut ours: Vec<String> =
                ask(&entry, "none", &dated(&input["tags"])).1.into_iter().map(|row| row.0).collect();
            let chosen_first = ours.remove(0);
            ours.reverse();
            ours.push(chosen_first);
            tally.row(id, &format!("{ours:?}"), &format!("{:?}", strings(&expect["order"])));
        }
        "allow_tags_match" | "ignore_tag_glob" => {
            let ignore = (!input["ignore"].is_null()).then(|| strings(&input["ignore"]).join(","));
            let list = Some("a=x/y".to_owned());
            let entry =
                argo_entry(&[("image-list", list), ("allow-tags", text("allow_tags")), ("ignore-tags", ignore)]);
            let seen = entry.is_ok_and(|entry| entry.filter.read(&text("tag").unwrap()).is_some());
            let theirs =
                expect["match"].as_bool().or_else(|| expect["ignored"].as_bool().map(|ignored| !ignored)).unwrap();
            tally.row(id, &seen.to_string(), &theirs.to_string());
        }
        "platform_match" => {
            let offered = [text("os"), text("arch"), text("variant").filter(|variant| !variant.is_empty())];
            let offered: Vec<String> = offered.into_iter().flatten().collect();
            let offered = Platform::new(&offered.join("/")).unwrap();
            let wanted = strings(&input["platforms"]);
            let accepts = |text: &&str| Platform::new(text).is_ok_and(|wanted| wanted.accepts(&offered));
            let ours = wanted.is_empty() || wanted.iter().any(accepts);
            tally.row(id, &ours.to_string(), &expect["wanted"].to_string());
        }
        "image_list_annotation" => image_list(tally, id, input["annotations"].as_object().unwrap(), expect),
        "manifest_target_annotations" => target(tally, id, input, expect),
        "app_name_glob" | "app_ref_specificity" => application_ref(tally, id, case),
        "write_back_annotations" => {
            let read = argo::write_back(input["annotations"].as_object().unwrap());
            let ours = [read.method, read.target, read.branch, read.repository];
            let keys = ["Method", "GitConfig.WriteBackTarget", "GitConfig.Branch", "GitConfig.Repository"];
            let theirs = keys.map(|key| expect[key].as_str().map(str::to_owned));
            tally.row(id, &format!("{ours:?}"), &format!("{theirs:?}"));
        }
        // The others concern files, live applications, branches and messages.
        _ => {}
    }
}

/// Compares which applications an entry of an `ImageUpdater` selects, and which entry takes precedence.
fn application_ref(tally: &mut Tally, id: &str, case: &Value) {
    let (input, expect) = (&case["input"], &case["expect"]);
    let read = |one: Value| argo::object(&json!({ "applicationRefs": [one] })).unwrap().remove(0);
    if case["kind"] == "app_name_glob" {
        let ours = read(json!({ "namePattern": input["pattern"] }));
        return tally.row(
            id,
            &ours.selects(input["app"].as_str().unwrap(), &Value::Null).to_string(),
            &expect["match"].to_string(),
        );
    }
    let selector = &input["appRef"]["LabelSelectors"];
    let mut one = json!({ "namePattern": input["appRef"]["NamePattern"] });
    if selector.is_object() {
        let (labels, expressions) = (&selector["MatchLabels"], &selector["MatchExpressions"]);
        one["labelSelectors"] = json!({ "matchLabels": labels, "matchExpressions": expressions });
    }
    tally.row(id, &read(one).specificity().to_string(), &expect["score"].to_string());
}

#[test]
fn annotations_select_what_argo_cd_image_updater_selects() {
    let Some(cases) = load("argocd_iu_cases.json") else { return };
    let mut tally = Tally::default();
    cases["cases"].as_array().unwrap().iter().for_each(|case| argo_row(&mut tally, case));
    #[rustfmt::skip]
    tally.finish("Argo CD Image Updater", 108, 1, &[
        ("image_list_annotation-001", "an application without the annotation is not watched, and no error"),
        ("image_list_annotation-012", "the peer silently accepts no tag for `allow-tags: v1.*`, which is an error"),
        ("image_list_annotation-015", "force-update concerns live applications and is not read"),
    ]);
}

/// Reads tags that are texts, or objects with a build time in seconds.
fn dated(tags: &Value) -> Vec<Candidate> {
    let read = |row: &Value| match row["created_unix"].as_i64() {
        Some(second) => {
            // The peer's tests count from 1970, which is the time of reproducible builds here.
            let created = Timestamp::from_second(1_600_000_000 + second).ok();
            let facts = Known::Facts(Box::new(ImageFacts { created, ..ImageFacts::default() }));
            Candidate { tag: Tag::new(row["tag"].as_str().unwrap()).unwrap(), facts }
        }
        None => Candidate::new(Tag::new(row.as_str().unwrap()).unwrap()),
    };
    tags.as_array().unwrap().iter().map(read).collect()
}

fn image_list(tally: &mut Tally, id: &str, annotations: &Map<String, Value>, expect: &Value) {
    let Ok(watched) = watched(annotations) else {
        return tally.row(id, "error", if expect["error"] == true { "error" } else { "fine" });
    };
    let ours: Vec<String> =
        watched.iter().map(|one| format!("{}={}", one.alias.as_deref().unwrap_or_default(), one.image)).collect();
    let name = |at: usize| {
        expect[format!("[{at}].ImageName")].as_str().map(|text| {
            let text = text.split('@').next().unwrap();
            let path = text.rfind('/').map_or(0, |slash| slash + 1);
            text[path..].find(':').map_or(text, |colon| &text[..path + colon])
        })
    };
    let theirs = (0..).map_while(|at| {
        Some(format!("{}={}", expect[format!("[{at}].Alias")].as_str().unwrap_or_default(), name(at)?))
    });
    let theirs = if expect["error"] == true { "error".to_owned() } else { format!("{:?}", theirs.collect::<Vec<_>>()) };
    tally.row(id, &format!("{ours:?}"), &theirs);
}

fn target(tally: &mut Tally, id: &str, input: &Value, expect: &Value) {
    let mut annotations = input["annotations"].as_object().unwrap().clone();
    let alias = input["alias"].as_str().unwrap();
    annotations.insert(format!("{}image-list", argo::PREFIX), json!(format!("{alias}=x/y")));
    let ours = watched(&annotations).map(|mut watched| match watched.remove(0).target {
        argo::Target::Default => [None, None, None, None],
        argo::Target::Helm { name, tag, spec } => [name, tag, spec, None],
        argo::Target::Kustomize(name) => [None, None, None, Some(name)],
        argo::Target::Plugin { .. } => unreachable!("no annotation names a variable"),
    });
    let theirs =
        ["Helm.Name", "Helm.Tag", "Helm.Spec", "Kustomize.Name"].map(|key| expect[key].as_str().map(str::to_owned));
    let theirs = if expect["error"] == true { "error".to_owned() } else { format!("{theirs:?}") };
    tally.row(id, &ours.map_or("error".to_owned(), |ours| format!("{ours:?}")), &theirs);
}

#[test]
fn filters_select_what_updatecli_selects() {
    let Some(cases) = load("updatecli_version_cases.json") else { return };
    let mut tally = Tally::default();
    for case in cases["groups"]["filter_search"]["cases"].as_array().unwrap() {
        let id = case["id"].as_str().unwrap();
        let Some(settings) = from_updatecli(&case["filter"]) else {
            tally.left_out += 1;
            continue;
        };
        let mut entry = build(&settings).unwrap();
        entry.bounds.allows_downgrade = true;
        let theirs = case["want"]["OriginalVersion"].as_str().unwrap_or("none");
        tally.row(id, &chosen(Ok(entry), "none", &tags(&strings(&case["versions"])).unwrap()), theirs);
    }
    for case in cases["groups"]["tag_filter_from_current_tag"]["cases"].as_array().unwrap() {
        let (id, current) = (case["id"].as_str().unwrap(), case["value"].as_str().unwrap());
        let filter = case["expectedTagFilter"].as_str().unwrap();
        if Tag::new(current).is_err() {
            tally.left_out += 1;
            continue;
        }
        // The tags that the filter of the peer accepts, and those that the shape accepts.
        let probes = [
            "9.0.0",
            "9.0.0-alpha",
            "9.1-jdk11",
            "v9.1-jdk11",
            "9.1-jdk17",
            "9.1",
            "v9.1.2",
            "alpine",
            "latest",
            "9.0.0-rc.1",
        ];
        let pattern = regex::Regex::new(filter).unwrap();
        let theirs: BTreeSet<&str> =
            probes.into_iter().filter(|tag| !filter.is_empty() && pattern.is_match(tag)).collect();
        let entry = build(&Settings::from_pairs([("shape", json!("same"))])).unwrap();
        let rows = ask(&entry, current, &tags(&probes).unwrap()).1;
        let ours: BTreeSet<&str> = rows.iter().filter(|row| row.1).map(|row| row.0.as_str()).collect();
        tally.row(id, &format!("{ours:?}"), &format!("{theirs:?}"));
    }
    #[rustfmt::skip]
    tally.finish("updatecli", 15, 18, &[
        ("tag_filter_from_current_tag/1", "from a pre-release, the release and later pre-releases are accepted"),
    ]);
}

/// Translates the kinds that order tags. `latest` is the order of the list; Tagboat has no replacements before a tag is read.
fn from_updatecli(filter: &Value) -> Option<Settings> {
    let pattern = filter["Pattern"].as_str();
    let layout = |go: &str| go.replace("2006", "%Y").replace("01", "%m").replace("02", "%d");
    let regex = filter["Regex"].as_str();
    let pairs = match (filter["Kind"].as_str()?, regex) {
        _ if !filter["ReplaceAll"].is_null() => return None,
        ("semver", _) => vec![("semver", json!(pattern.unwrap_or("*"))), ("strict", json!(false))],
        ("lex", _) => vec![("alphabetical", json!("asc"))],
        ("time", _) => {
            vec![("pattern", json!("^(?<t>.*)$")), ("order", json!([format!("t time({})", layout(pattern?))]))]
        }
        ("regex/time", Some(regex)) => vec![
            ("pattern", json!(regex.replacen('(', "(?<t>", 1))),
            ("order", json!([format!("t time({})", layout(pattern?))])),
        ],
        ("regex/semver", Some(regex)) if regex.contains('(') => {
            vec![("semver", json!(pattern.unwrap_or("*"))), ("include", json!(regex)), ("extract", json!("$1"))]
        }
        _ => return None,
    };
    Some(Settings::from_pairs(pairs))
}
