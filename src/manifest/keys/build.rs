//! Parameters and variables that name what a build writes, by how the document uses them.

use std::collections::HashSet;

use super::command::Command;
use super::names::{is_image_key, is_output_parameter, may_be_output_parameter, may_be_output_variable};
use crate::text::{NodeId, NodeKind, Tree};

/// Words in the names of tasks and images that build.
const BUILDERS: [&str; 5] = ["build", "kaniko", "jib", "s2i", "docker:"];

/// Keys that refer to a task or a template elsewhere.
const REFERENCES: [&str; 4] = ["taskRef", "pipelineRef", "templateRef", "workflowTemplateRef"];

/// How the parameters and variables of a document are used.
#[derive(Debug)]
pub(in crate::manifest) struct ParameterUses {
    /// Names in `--destination=$(params.NAME)`, `docker push $NAME` and the like.
    written: HashSet<String>,
    /// Names in the `image` of a container or a step.
    run: HashSet<String>,
}

impl ParameterUses {
    pub(in crate::manifest) fn of(tree: &Tree<'_>) -> Self {
        let mut uses = Self { written: HashSet::new(), run: HashSet::new() };
        if !tree.text().contains(['$', '{']) {
            return uses;
        }
        for node in tree.nodes() {
            match tree.kind(node) {
                NodeKind::Sequence => {
                    let items = tree.items(node).filter_map(|item| tree.text_of(tree.follow(item)));
                    uses.add_command(items);
                }
                NodeKind::Scalar(text, _) if tree.key_text(node).is_some_and(is_image_key) => {
                    uses.run.extend(placeholders(text));
                }
                NodeKind::Scalar(text, _) if text.contains(['$', '{']) => {
                    text.lines().for_each(|line| uses.add_command(line.split_whitespace()));
                }
                _ => {}
            }
        }
        uses.add_passed_on(tree);
        uses
    }

    fn add_command<'w>(&mut self, words: impl Iterator<Item = &'w str>) {
        let mut command = Command::default();
        for word in words {
            if command.next_is_output(word) {
                self.written.extend(placeholders(word));
            }
        }
    }

    /// Adds the parameters whose values are passed on: `{name: IMAGE, value: $(params.target)}` where `IMAGE` is written.
    fn add_passed_on(&mut self, tree: &Tree<'_>) {
        let passed = tree.nodes().filter_map(|map| {
            let names: Vec<String> = placeholders(tree.text_at(map, &["value"])?).collect();
            (!names.is_empty()).then_some((map, tree.text_at(map, &["name"])?, names))
        });
        let mut passed: Vec<_> = passed.collect();
        loop {
            let before = passed.len();
            passed.retain(|(map, name, values)| {
                let is_output = self.is_output(tree, *map, name);
                if is_output {
                    self.written.extend(values.iter().cloned());
                }
                !is_output
            });
            if passed.len() == before {
                return;
            }
        }
    }

    /// Returns whether the value of a variable is what a build writes.
    pub(super) fn is_written(&self, name: &str) -> bool {
        self.written.contains(name)
    }

    /// Returns whether the value of an environment variable is what a build writes. `map` is its own mapping, or that of all variables.
    pub(super) fn is_output_variable(&self, tree: &Tree<'_>, map: NodeId, name: &str) -> bool {
        self.is_written(name)
            || (may_be_output_variable(name) && !self.run.contains(name) && is_in_building_step(tree, map))
    }

    /// Returns whether the value of a parameter is what a build writes. `map` has its name and its value.
    pub(super) fn is_output(&self, tree: &Tree<'_>, map: NodeId, name: &str) -> bool {
        if self.is_output_variable(tree, map, name) {
            return true;
        }
        let object =
            tree.ancestors(map).find(|at| tree.get(*at, "kind").is_some() && tree.get(*at, "apiVersion").is_some());
        let Some((object, group)) = object.and_then(|object| Some((object, tree.text_at(object, &["apiVersion"])?)))
        else {
            return false;
        };
        let kind = tree.text_at(object, &["kind"]).unwrap_or_default();
        let is_tekton = group.starts_with("tekton.dev/");
        let is_workflow = group.starts_with("argoproj.io/") && kind.contains("Workflow");
        if self.run.contains(name) || !(is_tekton || is_workflow) {
            return false;
        }
        (is_tekton && is_output_parameter(name)) || (may_be_output_parameter(name) && builds(tree, object, map))
    }
}

/// Returns whether the container or the step around a mapping builds images, judged by its image and its name.
fn is_in_building_step(tree: &Tree<'_>, map: NodeId) -> bool {
    let step = tree.ancestors(map).skip(1).find(|at| tree.text_at(*at, &["image"]).is_some());
    step.is_some_and(|step| ["image", "name"].iter().any(|key| tree.text_at(step, &[key]).is_some_and(is_builder)))
}

/// Returns whether a name is that of a task, a step or an image that builds images.
fn is_builder(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    BUILDERS.iter().any(|word| name.contains(word))
}

/// Returns whether the task or the workflow that has a parameter builds images, judged by names in it.
fn builds(tree: &Tree<'_>, object: NodeId, parameter: NodeId) -> bool {
    let lists = ["params", "parameters", "arguments", "inputs"];
    let is_holder = |at: &NodeId| {
        *tree.kind(*at) == NodeKind::Mapping && tree.key_text(*at).is_none_or(|key| !lists.contains(&key))
    };
    let Some(holder) = tree.ancestors(parameter).skip(1).find(is_holder) else { return false };
    let names_builder = |node: NodeId| {
        let around: Vec<&str> =
            tree.ancestors(node).take_while(|at| *at != holder).filter_map(|at| tree.key_text(at)).collect();
        let is_reference = around.iter().any(|key| REFERENCES.contains(key));
        let is_step = around.first().is_some_and(|key| matches!(*key, "image" | "template" | "name"))
            && !around.iter().any(|key| lists.contains(key));
        (is_reference || is_step) && tree.text_of(node).is_some_and(is_builder)
    };
    let own_name = tree.text_at(object, &["metadata", "name"]).or(tree.text_at(object, &["metadata", "generateName"]));
    own_name.is_some_and(is_builder) || tree.descendants(holder).any(names_builder)
}

/// Returns the names of the parameters and variables in a text: `IMAGE` of `$(params.IMAGE)`, `{{inputs.parameters.IMAGE}}`, `$IMAGE`.
fn placeholders(text: &str) -> impl Iterator<Item = String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    text.match_indices(['$', '{']).filter_map(move |(at, _)| {
        let name = text[at + 1..].trim_start_matches(['{', '(', ' ']);
        let name = &name[..name.find(|c| !is_part(c)).unwrap_or(name.len())];
        name.rsplit('.').next().filter(|name| !name.is_empty()).map(str::to_owned)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_variables_of_a_text() {
        #[rustfmt::skip]
        let rows = [
            ("--destination=$(params.IMAGE)",           "IMAGE"),
            ("{{inputs.parameters.image-url}}:{{ x }}", "image-url image-url x x"),
            ("$IMAGE:$TAG",                             "IMAGE TAG"),
            ("${IMAGE}",                                "IMAGE IMAGE"),
            ("a{b",                                     "b"),
            ("ghcr.io/acme/api:1",                      ""),
        ];
        for (text, expected) in rows {
            assert_eq!(placeholders(text).collect::<Vec<_>>().join(" "), expected, "{text}");
        }
    }
}
