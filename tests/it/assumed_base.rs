//! A remote whose `HEAD` names no branch that exists: what each command uses as the base branch.
#![cfg(unix)]

use crate::support::repository::{Bare, git};
use crate::support::tagboat::Tagboat;

/// Prepares a remote with the branch `main`, and a checkout of it in the home. `head` is the `HEAD` of the remote.
fn prepare(tagboat: &Tagboat, place: &std::path::Path, head: &str) -> Bare {
    let bare = Bare::new(place, "gitops");
    let files = [("app.yaml", "image: ghcr.io/acme/api:1.0\n"), ("tagboat.yaml", "rules: [{ policy: ignore }]\n")];
    bare.commit("main", &files, "Deploy");
    git(
        place,
        &["clone", "--quiet", "--branch", "main", &bare.url(), &tagboat.home().join("checkout").display().to_string()],
    );
    match head {
        "detached" => git(&bare.path, &["update-ref", "--no-deref", "HEAD", "refs/heads/main^{commit}"]),
        branch => git(&bare.path, &["symbolic-ref", "HEAD", &format!("refs/heads/{branch}")]),
    };
    bare
}

#[test]
fn uses_the_branch_that_the_checkout_tracks_except_for_settings() {
    let assumed = "using main, the branch that the checkout tracks; --base names another";
    let refused = "name a branch of the remote with --base, or ";
    let ignoring = "repository-config: ignore\nrules: [{ policy: ignore }]\n";
    #[rustfmt::skip]
    let rows = [
        // operator   checkout              command                                  exit  standard error has
        ("",          "main",               "plan -C checkout",                      0,    assumed),
        ("",          "main",               "plan -C checkout --base main",          0,    ""),
        ("",          "main",               "list -C checkout",                      0,    ""),
        ("",          "main",               "edit -C checkout",                      0,    ""),
        ("",          "main",               "explain ghcr.io/acme/api -C checkout --policy shape --tags tags.txt --current 1.0", 0, ""),
        ("",          "main",               "run --dry-run -C checkout",             1,    refused),
        ("",          "main",               "run --dry-run -C checkout --base main", 0,    ""),
        // These settings are not the repository's.
        (ignoring,    "main",               "run --dry-run -C checkout",             0,    assumed),
        ("",          "another name",       "plan -C checkout",                      0,    assumed),
        ("",          "no upstream",        "plan -C checkout",                      1,    refused),
        ("",          "detached",           "plan -C checkout",                      1,    refused),
        ("",          "main",               "plan --repository URL",                 1,    refused),
        ("",          "upstream is gone",   "plan -C checkout",                      1,    refused),
        ("",          "main",               "plan -C checkout --base gone",          1,    "the remote has no branch gone"),
    ];
    for head in ["gone", "detached"] {
        for (operator, has, command, code, message) in rows {
            let (tagboat, place) = (Tagboat::new(), tempfile::tempdir().unwrap());
            let bare = prepare(&tagboat, place.path(), head);
            let checkout = tagboat.home().join("checkout");
            std::fs::write(tagboat.home().join("tags.txt"), "1.0\n").unwrap();
            match has {
                "another name" => drop(git(&checkout, &["branch", "--quiet", "-m", "main", "work"])),
                "no upstream" => drop(git(&checkout, &["branch", "--quiet", "--unset-upstream"])),
                "detached" => drop(git(&checkout, &["checkout", "--quiet", "--detach"])),
                "upstream is gone" => drop(git(&bare.path, &["branch", "--quiet", "-m", "main", "trunk"])),
                _ => {}
            }
            let tagboat = if operator.is_empty() { tagboat } else { tagboat.with_config(operator) };
            let command = command.replace("URL", &bare.url());
            let output = tagboat.run(&command.split(' ').collect::<Vec<_>>());
            let is_silent = !output.stderr.contains("the branch that the checkout tracks") || message == assumed;
            assert!(
                output.code == code && output.stderr.contains(message) && is_silent,
                "HEAD {head}, checkout {has}, {command}: {output:?}"
            );
        }
    }
}

/// `check` reports what `run` would: settings of the working tree are not those that apply.
#[test]
fn check_reports_a_base_branch_that_it_cannot_read() {
    let ignoring = "repository-config: ignore\nrules: [{ policy: ignore }]\n";
    let (unread, no_default) = ("git cannot read the base branch", "name a branch of the remote with --base");
    #[rustfmt::skip]
    let rows = [
        // operator  command                           configuration                          git
        ("",         "check -C checkout",              ("failed", unread),                    ("failed", no_default)),
        ("",         "check -C checkout --base gone",  ("failed", unread),                    ("failed", "the remote has no branch gone")),
        ("",         "check -C checkout --base main",  ("ok", "tagboat.yaml is valid"),       ("ok", "the base branch is main")),
        ("",         "check -C URL --base main",       ("ok", "tagboat.yaml is valid"),       ("ok", "the base branch is main")),
        (ignoring,   "check -C checkout",              ("ok", "operator.yaml is valid"),      ("ok", "the base branch is main")),
    ];
    for (operator, command, configuration, of_git) in rows {
        let (tagboat, place) = (Tagboat::new(), tempfile::tempdir().unwrap());
        let bare = prepare(&tagboat, place.path(), "trunk");
        let tagboat = if operator.is_empty() { tagboat } else { tagboat.with_config(operator) };
        let command = format!("{} --format json", command.replace("URL", &bare.url()));
        let output = tagboat.run(&command.split(' ').collect::<Vec<_>>());
        let names = output.json()["checks"].to_string();
        assert!(
            names.contains("\"name\":\"forge\""),
            "the forge is checked whatever git reports: {command}: {output:?}"
        );
        for (name, (status, text)) in [("configuration", configuration), ("git", of_git)] {
            let checks = output.json()["checks"].clone();
            let found = checks.as_array().unwrap().iter().find(|check| check["name"] == name).unwrap().clone();
            assert_eq!(found["status"], status, "{command}: {output:?}");
            assert!(format!("{} {}", found["message"], found["hint"]).contains(text), "{command}: {found:#}");
        }
    }
    let output = Tagboat::new().run(&["check", "--base", "a..b"]);
    assert!(output.code == 64 && output.stderr.contains("invalid value for --base"), "{output:?}");
}
