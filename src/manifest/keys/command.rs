//! The words of commands that build images: which of them name what the command writes.

use super::names::is_output_flag;

/// Reads the words of a command in their order.
#[derive(Debug, Default)]
pub(super) struct Command {
    follows_output_flag: bool,
    pushes: bool,
    runs: bool,
    is_jib: bool,
}

impl Command {
    /// Returns whether the next word names what the command writes: the value of `--destination`, what is after `docker push`.
    pub(super) fn next_is_output(&mut self, word: &str) -> bool {
        if matches!(word, "&&" | "||" | "|" | ";") {
            *self = Self::default();
        }
        let flag = word.split_once('=').map_or(word, |(flag, _)| flag);
        let has_value = flag.len() < word.len();
        // `docker run -t` and `docker run -d` have flags without a value.
        let is_output_flag =
            (is_output_flag(flag) && !(self.runs && flag.len() == 2)) || (self.is_jib && flag == "--image");
        let is_flag = word.starts_with('-');
        let is_output = (is_output_flag && has_value) || (!is_flag && (self.follows_output_flag || self.pushes));
        self.follows_output_flag = is_flag && is_output_flag && !has_value;
        self.pushes |= word == "push";
        self.runs |= word == "run";
        self.is_jib |= is_jib_task(word);
        if word.ends_with(';') {
            *self = Self::default();
        }
        is_output
    }
}

/// Returns whether a word is a task of jib for Gradle: `jib`, `:app:jibDockerBuild`.
fn is_jib_task(word: &str) -> bool {
    let task = word.rsplit(':').next().unwrap_or(word);
    !word.starts_with('-') && task.starts_with("jib")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_a_command_writes() {
        #[rustfmt::skip]
        let rows = [
            ("executor --destination=X --cache-repo Y",                   "--destination=X Y"),
            ("docker build -t X . && docker push X",                      "X X"),
            ("buildctl build --output type=image,name=X,push=true a=X",   "type=image,name=X,push=true"),
            ("docker run -d X; docker run -it X",                         ""),
            ("docker run --rm X && buildah bud -t Y .",                   "Y"),
            ("docker push X; docker pull Y",                              "X;"),
            ("gradle :app:jib --image=X && run --image=Y",                "--image=X"),
            ("mvn jib:build -Djib.to.image=X -Djib.from.image=Y",         "-Djib.to.image=X"),
            ("git push --force X",                                        "X"),
        ];
        for (text, expected) in rows {
            let mut command = Command::default();
            let written: Vec<&str> = text.split(' ').filter(|word| command.next_is_output(word)).collect();
            assert_eq!(written.join(" "), expected, "{text}");
        }
    }
}
