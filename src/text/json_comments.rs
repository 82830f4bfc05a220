//! Comments in JSON, which many tools allow although JSON has none: `// …` and `/* … */`.

use std::borrow::Cow;
use std::ops::Range;

use super::span::Span;
use super::template::without_template_ending;
use super::tree::Comment;

/// A text that parses as YAML.
#[derive(Debug)]
pub struct YamlText<'a> {
    /// The text, in which every byte is at its offset.
    pub text: Cow<'a, str>,
    /// The comments that are not comments of YAML, because something follows them on their line. The text has blanks for them.
    pub inline_comments: Vec<Comment<'static>>,
}

/// Returns a text that parses as YAML: the comments of JSON become those of YAML, by its file name. YAML reads all of JSON, and commas
/// behind the last item too.
pub fn as_yaml<'a>(path: &str, text: &'a str) -> YamlText<'a> {
    let name = without_template_ending(path);
    let comments = if name.ends_with(".json") || name.ends_with(".jsonc") { comments(text) } else { Vec::new() };
    if comments.is_empty() {
        return YamlText { text: Cow::Borrowed(text), inline_comments: Vec::new() };
    }
    let mut bytes = text.as_bytes().to_vec();
    let inline: Vec<_> = comments.into_iter().filter_map(|comment| rewrite(&mut bytes, comment)).collect();
    let inline_comments = inline.into_iter().map(|range| inline_comment(text, range)).collect();
    YamlText { text: String::from_utf8(bytes).map_or(Cow::Borrowed(text), Cow::Owned), inline_comments }
}

/// Returns a comment with the mark of YAML: `# two` of `/* two */`.
fn inline_comment(text: &str, range: Range<usize>) -> Comment<'static> {
    let content = text[range.clone()].trim_start_matches("/*").trim_end_matches("*/").trim();
    Comment { span: Span::new(range.start, range.end), text: Cow::Owned(format!("# {content}")) }
}

/// Returns the comments outside strings. What touches a word or a colon is no comment: JSON with an unquoted `https://…` is YAML.
fn comments(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(next) = memchr::memchr3(b'"', b'\'', b'/', &bytes[at..]) {
        let start = at + next;
        let is_apart = start == 0 || !(bytes[start - 1].is_ascii_alphanumeric() || bytes[start - 1] == b':');
        at = match &bytes[start..] {
            [b'/', b'/', ..] if is_apart => {
                let end = memchr::memchr2(b'\n', b'\r', &bytes[start..]).map_or(bytes.len(), |length| start + length);
                found.push(start..end);
                end
            }
            [b'/', b'*', ..] if is_apart => {
                let Some(length) = memchr::memmem::find(&bytes[start + 2..], b"*/") else { break };
                let end = start + 2 + length + 2;
                found.push(start..end);
                end
            }
            [b'/', ..] => start + 1,
            _ => end_of_string(bytes, start),
        };
    }
    found
}

fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            byte if byte == bytes[start] => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Makes each line of a comment one of YAML, or blanks where something follows it. Returns the bytes of these.
fn rewrite(bytes: &mut [u8], comment: Range<usize>) -> Option<Range<usize>> {
    let mut inline = None;
    if bytes[comment.clone()].ends_with(b"*/") {
        bytes[comment.end - 2..comment.end].fill(b' ');
    }
    let line_end = memchr::memchr2(b'\n', b'\r', &bytes[comment.end..]).map_or(bytes.len(), |at| comment.end + at);
    let ends_line = bytes[comment.end..line_end].iter().all(|byte| matches!(byte, b' ' | b'\t'));
    bytes[comment.start] = b' ';
    bytes[comment.start + 1] = b'#';
    let (mut start, mut is_first) = (comment.start, true);
    while start < comment.end {
        let length = memchr::memchr2(b'\n', b'\r', &bytes[start..comment.end]);
        let end = length.map_or(comment.end, |length| start + length);
        let line = &mut bytes[start..end];
        let word = line.iter().position(|byte| !matches!(byte, b' ' | b'\t'));
        match word {
            _ if end == comment.end && !ends_line => {
                line.fill(b' ');
                inline = Some(start..end);
            }
            Some(word) if !is_first && line[word].is_ascii() => line[word] = b'#',
            Some(_) if !is_first => line.fill(b' '),
            _ => {}
        }
        (start, is_first) = (end + 1, false);
    }
    inline
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_comments_into_those_of_yaml() {
        #[rustfmt::skip]
        let rows = [
            ("{\"a\": 1} // b\n// c",                 "{\"a\": 1}  # b\n # c"),
            ("{ // \"a\": \"x\r\n\"b\": 1}",          "{  # \"a\": \"x\r\n\"b\": 1}"),
            ("[1, /* two */ 3,]",                     "[1,           3,]"),
            ("[1, /* é */ ]",                         "[1,          ]"),
            ("[1 /* two */\n]",                       "[1  # two   \n]"),
            ("/*\n * a\n\n  é b\n */\n[1]",           " #\n # a\n\n      \n   \n[1]"),
            ("/* a\n b */ [1]",                       " # a\n      [1]"),
            ("{\"a\": \"https://b // c\\\" /* \"}",   "{\"a\": \"https://b // c\\\" /* \"}"),
            ("{a: https://b}",                        "{a: https://b}"),
            ("[1] /* a",                              "[1] /* a"),
        ];
        for (text, expected) in rows {
            assert_eq!(as_yaml("a.jsonc", text).text, expected, "{text}");
            assert_eq!(as_yaml("b/a.json.j2", text).text, expected, "{text}");
            assert_eq!(as_yaml("a.yaml", text).text, text);
        }
    }

    #[test]
    fn keeps_the_comments_that_something_follows() {
        let text = "[1, /* é */ 3 /* a\n b */, 4 /* c */\n]";
        let found = as_yaml("a.json", text).inline_comments;
        let shown: Vec<_> = found.iter().map(|one| (&*one.text, &text[one.span.range()])).collect();
        assert_eq!(shown, [("# é", "/* é */"), ("# b", " b */")]);
    }
}
