//! Tests the examples: their commands parse, their shell steps run as far as possible without the CI system, and their
//! Kubernetes objects are valid.
#![cfg(unix)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::support::double::TOKEN;
use crate::support::gitops::GitOps;
use crate::support::process::find;

const PROGRAM: &str = env!("CARGO_BIN_EXE_tagboat");

fn example(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(path)
}

fn text(path: &str) -> String {
    fs::read_to_string(example(path)).unwrap()
}

fn yaml(path: &str) -> Value {
    serde_yaml::from_str(&text(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Returns the shell script in the first `sh '…'` of a Groovy file.
fn groovy_script(path: &str) -> String {
    let text = text(path);
    let script = text.lines().find_map(|line| line.trim().strip_prefix("sh '")?.strip_suffix('\'')).unwrap();
    script.to_owned()
}

fn lines(script: &Value) -> String {
    script.as_array().unwrap().iter().map(|line| format!("{}\n", line.as_str().unwrap())).collect()
}

/// A repository whose image has a newer tag, and a folder in which the steps run.
struct Agent {
    gitops: GitOps,
}

impl Agent {
    async fn new() -> Self {
        let gitops = GitOps::new("", &[("app.yaml", "api:1.0")]).await;
        let tools = gitops.folder.path().join("tools");
        fs::create_dir(&tools).unwrap();
        std::os::unix::fs::symlink(PROGRAM, tools.join("tagboat")).unwrap();
        Self { gitops }
    }

    /// Runs a script as a CI system does: in a shell, with these variables and no others of this process.
    fn run(&self, script: &str, variables: &[(&str, &str)]) -> Output {
        let path = format!("{}:{}", self.gitops.folder.path().join("tools").display(), std::env::var("PATH").unwrap());
        let mut command = Command::new("sh");
        command.args(["-e", "-c", script]).current_dir(self.gitops.folder.path()).env_clear().env("PATH", path);
        command.env("HOME", self.gitops.folder.path()).envs(variables.iter().copied()).output().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn shell_steps_open_pull_request_with_link_to_run() {
    let gitlab = lines(&yaml("gitlab/.gitlab-ci.yml")["image-updates"]["script"]);
    let bitbucket = yaml("bitbucket-pipelines/bitbucket-pipelines.yml");
    let bitbucket = lines(&bitbucket["pipelines"]["custom"]["image-updates"][0]["step"]["script"]);
    let tekton = yaml("tekton/task.yaml")["spec"]["steps"][0]["script"].as_str().unwrap().to_owned();
    let azure = yaml("azure-pipelines/azure-pipelines.yml")["steps"][1]["script"].as_str().unwrap().to_owned();
    let link = "https://ci.acme.dev/7";
    #[rustfmt::skip]
    let steps = [
        // example          script                                        variable of the repository   other variables
        ["Jenkinsfile",    &groovy_script("jenkins/Jenkinsfile"),         "TAGBOAT_REPOSITORY",        "BUILD_URL=$LINK"],
        ["tagboat.groovy", &groovy_script("jenkins/vars/tagboat.groovy"), "TAGBOAT_REPOSITORY",        "BUILD_URL=$LINK;IMAGE=$PUSHED"],
        ["gitlab",         &gitlab,                                       "TAGBOAT_REPOSITORY",        "CI_JOB_URL=$LINK"],
        ["bitbucket",      &bitbucket,                                    "BITBUCKET_GIT_HTTP_ORIGIN", "TAGBOAT_RUN_URL=$LINK"],
        ["azure",          &azure,                                        "BUILD_REPOSITORY_URI",      "SYSTEM_COLLECTIONURI=$LINK/;SYSTEM_TEAMPROJECT=shop;BUILD_BUILDID=7"],
        ["tekton",         &tekton,                                       "TAGBOAT_REPOSITORY",        "TAGBOAT_RUN_URL=$LINK;IMAGE=$PUSHED"],
    ];
    for [name, script, repository, others] in steps {
        let agent = Agent::new().await;
        // Replaces `docker run`: runs the program with the arguments after the image.
        let docker = agent.gitops.folder.path().join("tools/docker");
        fs::write(&docker, "#!/bin/sh\nwhile [ \"$1\" != ghcr.io/tagboat/tagboat:0.1.0 ]; do shift; done\nshift\nexec tagboat \"$@\"\n").unwrap();
        fs::set_permissions(&docker, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let (url, pushed) = (agent.gitops.bare.url(), format!("{}/acme/api:1.1", agent.gitops.registry.host()));
        let others = others.replace("$LINK", link).replace("$PUSHED", &pushed);
        let api = &*agent.gitops.double.api_url;
        let mut variables = vec![(repository, &*url), ("TAGBOAT_FORGE_TOKEN", TOKEN), ("TAGBOAT_FORGE_URL", api)];
        variables.extend(others.split(';').filter_map(|one| one.split_once('=')));
        let result = agent.run(script, &variables);
        let output = String::from_utf8_lossy(&result.stderr).into_owned() + &String::from_utf8_lossy(&result.stdout);
        assert!(result.status.success(), "{name}: {output}");
        let body =
            agent.gitops.double.host(|host| host.pulls.first().map(|pull| pull.body.clone())).unwrap_or_default();
        assert!(body.contains(link), "{name}: {body}");
        for file in ["image-updates.xml", "image-updates.html", "test-results/tagboat.xml"] {
            let written = agent.gitops.folder.path().join(file).is_file();
            assert_eq!(written, script.contains(file), "{name}: {file}");
        }
    }
}

#[test]
fn arguments_in_yaml_parse() {
    let cron = yaml("kubernetes/cronjob.yaml");
    let pod = &cron["spec"]["jobTemplate"]["spec"]["template"]["spec"];
    let workflow = yaml("argo-workflows/cronworkflow.yaml");
    let container = &workflow["spec"]["workflowSpec"]["templates"][0]["container"];
    for arguments in [&pod["containers"][0]["args"], &container["args"]] {
        let words = arguments.as_array().unwrap().iter().map(|word| word.as_str().unwrap());
        let output = Command::new(PROGRAM).args(words).arg("--help").output().unwrap();
        assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn pods_have_no_access_to_cluster_and_restricted_containers() {
    let cron = yaml("kubernetes/cronjob.yaml");
    let pod = &cron["spec"]["jobTemplate"]["spec"]["template"]["spec"];
    assert_eq!((&pod["automountServiceAccountToken"], &pod["serviceAccountName"]), (&false.into(), &Value::Null));
    let containers = [
        &pod["containers"][0],
        &yaml("argo-workflows/cronworkflow.yaml")["spec"]["workflowSpec"]["templates"][0]["container"],
        &yaml("tekton/task.yaml")["spec"]["steps"][0],
    ];
    for container in containers {
        let security = &container["securityContext"];
        assert_eq!(security["readOnlyRootFilesystem"], true, "{container:#}");
        assert_eq!(security["allowPrivilegeEscalation"], false, "{container:#}");
        assert_eq!(security["capabilities"]["drop"][0], "ALL", "{container:#}");
        let limits = container.get("resources").unwrap_or(&container["computeResources"]);
        assert!(limits["limits"]["memory"].is_string(), "{container:#}");
        let literal = container["env"].as_array().unwrap().iter().find(|one| one["name"] == "TAGBOAT_FORGE_TOKEN");
        assert!(literal.is_none(), "the token must come from a file: {container:#}");
    }
}

#[test]
fn kubernetes_objects_are_valid() {
    let mut files = vec![example("kubernetes/cronjob.yaml")];
    let folder = tempfile::tempdir().unwrap();
    if let Some(kubectl) = find("kubectl") {
        let output = Command::new(kubectl).arg("kustomize").arg(example("kubernetes")).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let built = String::from_utf8(output.stdout).unwrap();
        assert!(
            built.contains("image: registry.acme.internal/tagboat:0.1.0") && built.contains("acme/platform-manifests"),
            "{built}"
        );
        files.push(folder.path().join("built.yaml"));
        fs::write(&files[1], built).unwrap();
    }
    if let Some(validate) = find("kubernetes-validate") {
        for file in &files {
            let output = Command::new(&validate).args(["-k", "1.30", "--strict"]).arg(file).output().unwrap();
            let printed = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            assert!(output.status.success(), "{}: {printed:?}", file.display());
        }
    }
}

#[test]
fn linters_find_no_problems() {
    if let Some(yamllint) = find("yamllint") {
        let rules = "{extends: default, rules: {document-start: disable, line-length: {max: 140}, truthy: {check-keys: false}, braces: {max-spaces-inside: 1}}}";
        let output = Command::new(yamllint).args(["--strict", "-d", rules]).arg(example("")).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    if let Some(groovy) = find("npm-groovy-lint") {
        let arguments = ["--noserver", "--failon", "error", "--path"];
        let output = Command::new(groovy).args(arguments).arg(example("jenkins")).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
}
