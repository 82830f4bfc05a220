//! Finds numbers that are commit hashes: one abbreviated hash in 27 has only digits, and only the tags beside it show what it is.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

use crate::image::{
    SHORTEST_HASH, Shape, commit_hash_at, commit_word, is_numeric_hash, may_be_hash, timestamp_millis, words,
};
use crate::policy::candidate::Candidate;
use crate::policy::versions::{OrderKey, ShapeMatcher};

/// Where the tags of an image have commit hashes.
pub(super) struct CommitPlaces {
    places: HashMap<WordPlace, NumberUse>,
}

/// What the numbers in a place may be.
struct NumberUse {
    /// Whether there are so many hashes with letters that the numbers may be hashes too.
    may_be_hashes: bool,
    /// Whether the numbers count something.
    is_counter: bool,
}

/// A place of a word in tags, for words of one length.
#[derive(Debug, PartialEq, Eq, Hash)]
enum WordPlace {
    /// In tags of so many words, which of them it is: the branches in `main-a1b2c3d` and `dev-4808804` may differ.
    Among { words: usize, at: usize, length: usize },
    /// After this text, in which every number is a `#`: other words may follow, as in `main-4808804-amd64`.
    After { text: String, length: usize },
}

impl WordPlace {
    /// Returns the places of a word, which is a part of a tag of so many words.
    fn of(tag: &str, words: usize, at: usize, word: &str) -> [Self; 2] {
        let (start, length) = (word.as_ptr().addr() - tag.as_ptr().addr(), word.len());
        let mut text = String::with_capacity(start);
        for c in tag[..start].chars().map(|c| if c.is_ascii_digit() { '#' } else { c }) {
            if c != '#' || !text.ends_with('#') {
                text.push(c);
            }
        }
        [Self::Among { words, at, length }, Self::After { text, length }]
    }
}

/// The different words in a place: one commit may be built on several branches.
#[derive(Default)]
struct Words<'t> {
    hashes: HashSet<&'t str>,
    numbers: HashSet<&'t str>,
}

impl Words<'_> {
    fn number_use(&self) -> NumberUse {
        let may_be_hashes = !self.hashes.is_empty() && self.numbers.len() <= self.hashes.len() * NUMBERS_PER_HASH;
        NumberUse { may_be_hashes, is_counter: self.count() }
    }

    /// Returns whether the numbers after one text count something: they are close together, or none of several has letters beside it.
    fn count(&self) -> bool {
        let values = || self.numbers.iter().map(|number| number.parse::<u128>().unwrap_or(u128::MAX));
        let (least, most) = (values().min().unwrap_or(0), values().max().unwrap_or(0));
        let is_close = most - least <= COUNTER_STEP * self.numbers.len() as u128 && most < u128::MAX;
        // Of short numbers, many count something.
        let is_short = self.numbers.iter().any(|number| !is_numeric_hash(number));
        match self.numbers.len() {
            0 | 1 => false,
            2 => is_close && (is_short || self.hashes.is_empty()),
            _ => is_close || self.hashes.is_empty(),
        }
    }
}

/// How much a build counter grows from tag to tag at most, on average.
const COUNTER_STEP: u128 = 100;

/// How many numbers there may be for each hash with letters. Of real hashes 1 in 27 is a number; of the tags of a build counter
/// every one.
const NUMBERS_PER_HASH: usize = 2;

impl CommitPlaces {
    /// Collects hashes and numbers in all places of these tags. What a place shows is decided once: many tags may have it.
    pub(super) fn new<'t>(tags: impl Iterator<Item = &'t str>) -> Self {
        let mut places: HashMap<WordPlace, Words<'t>> = HashMap::new();
        for tag in tags {
            let words: Vec<&str> = words(tag).collect();
            let hashes = words.iter().map(|word| without_commit_word(word)).enumerate();
            for (at, word) in hashes.filter(|(_, word)| may_be_hash(word, SHORTEST_HASH) || is_hash(word)) {
                let is_number = word.bytes().all(|b| b.is_ascii_digit());
                for place in WordPlace::of(tag, words.len(), at, word) {
                    let found = places.entry(place).or_default();
                    let same_kind = if is_number { &mut found.numbers } else { &mut found.hashes };
                    same_kind.insert(word);
                }
            }
        }
        Self { places: places.into_iter().map(|(place, words)| (place, words.number_use())).collect() }
    }

    /// Returns whether a number of this tag is a commit hash.
    pub(super) fn has_commit(&self, tag: &str) -> bool {
        let count = words(tag).count();
        let has = |place: &WordPlace, test: fn(&NumberUse) -> bool| self.places.get(place).is_some_and(test);
        let is_commit = |(at, word): (usize, &str)| {
            let word = without_commit_word(word);
            let places = WordPlace::of(tag, count, at, word);
            may_be_hash(word, SHORTEST_HASH)
                && !has(&places[1], |found| found.is_counter)
                && places.iter().any(|place| has(place, |found| found.may_be_hashes))
        };
        words(tag).enumerate().any(is_commit)
    }
}

/// Returns whether a tag has a number that may be a commit hash.
pub(super) fn may_have_commit(tag: &str) -> bool {
    let has_long_number = || tag.as_bytes().split(|b| !b.is_ascii_digit()).any(|digits| digits.len() >= SHORTEST_HASH);
    let may_be_commit = |word| may_be_hash(without_commit_word(word), SHORTEST_HASH);
    tag.len() >= SHORTEST_HASH && has_long_number() && words(tag).any(may_be_commit)
}

/// The commits in the tags of an image. The tags are read once, and only if one may be a commit.
pub(super) struct ImageCommits<'c> {
    candidates: &'c [Candidate],
    places: OnceCell<CommitPlaces>,
}

impl<'c> ImageCommits<'c> {
    pub(super) fn new(candidates: &'c [Candidate]) -> Self {
        Self { candidates, places: OnceCell::new() }
    }

    fn has_commit(&self, tag: &str) -> bool {
        let places = || CommitPlaces::new(self.candidates.iter().map(|one| one.tag.as_str()));
        may_have_commit(tag) && self.places.get_or_init(places).has_commit(tag)
    }

    /// Returns the shape of a tag, of which the others show whether its numbers are commits.
    pub(super) fn shape_of<'t>(&self, tag: &'t str) -> Shape<'t> {
        if self.has_commit(tag) { Shape::of_commit(tag) } else { Shape::of(tag) }
    }

    /// Returns whether a tag is nothing but a commit with digits only, as the other tags show.
    pub(super) fn is_whole(&self, tag: &str) -> bool {
        let has_time = || words(tag).any(|word| timestamp_millis(word).is_some());
        may_have_commit(tag)
            // A time has an order: most tags with a commit have one, and reading their shape takes longer.
            && !has_time()
            && !Shape::of_commit(tag).has_order()
            && self.has_commit(tag)
    }
}

/// Returns the shape of a tag among others, which show whether its numbers are commits.
pub(super) fn shape_among<'t>(tag: &'t str, candidates: &[Candidate]) -> Shape<'t> {
    let tags = || candidates.iter().map(|one| one.tag.as_str());
    let is_commit = may_have_commit(tag) && CommitPlaces::new(tags()).has_commit(tag);
    if is_commit { Shape::of_commit(tag) } else { Shape::of(tag) }
}

/// Returns the shape of a text that a filter extracts from a tag. Only the tag shows whether it is a commit.
pub(super) fn shape_of_extract<'t>(text: &'t str, tag: &str, candidates: &[Candidate]) -> Shape<'t> {
    let is_word = may_be_hash(text, SHORTEST_HASH) && words(tag).any(|word| without_commit_word(word) == text);
    if is_word && ImageCommits::new(candidates).has_commit(tag) { Shape::of_commit(text) } else { Shape::of(text) }
}

/// A current tag with a commit hash, such as `1.2.3-3d9b390`: another hash in its place is no later version.
pub(super) struct CurrentCommit<'t> {
    matcher: ShapeMatcher<'t>,
    key: OrderKey,
}

impl<'t> CurrentCommit<'t> {
    /// Returns `None` for a tag without a hash.
    pub(super) fn new(shape: &Shape<'t>) -> Option<Self> {
        let (matcher, mut key) = (ShapeMatcher::new(shape), OrderKey::default());
        (shape.has_hash() && matcher.matches(shape.tag(), &mut key)).then_some(Self { matcher, key })
    }

    /// Returns whether a tag differs from the current one in nothing but the hash.
    pub(super) fn is_replaced_in(&self, tag: &str) -> bool {
        let mut key = OrderKey::default();
        self.matcher.matches(tag, &mut key) && key == self.key
    }
}

/// Returns a word without what is before its commit: `4808804` of `git4808804`.
fn without_commit_word(word: &str) -> &str {
    &word[commit_word(word).len()..]
}

/// Returns whether a word is a hash and nothing else, with a letter.
fn is_hash(word: &str) -> bool {
    !word.starts_with('g') && commit_hash_at(word, false) == Some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separates_commits_from_counters_and_dates() {
        #[rustfmt::skip]
        let rows: [(&str, &[&str], bool); 32] = [
            ("4808804",        &["4808804", "7284872", "a1b2c3d", "deadbee"],                       true),
            ("main-4808804",   &["main-4808804", "main-a1b2c3d"],                                   true),
            ("1.2.3-4808804",  &["1.2.3-4808804", "1.2.4-0f0f0f0"],                                 true),
            ("1234567",        &["1234565", "1234566", "1234567"],                                  false),
            ("1234567",        &["1234563", "1234564", "1234565", "1234566", "1234567", "a1b2c3d"], false),
            ("20240101",       &["20240101", "a1b2c3d4", "deadbeef"],                               false),
            ("main-4808804-amd64", &["main-4808804-amd64", "main-a1b2c3d"],                         true),
            ("main-4808804",   &["main-4808804", "main-a1b2c3d-amd64"],                             true),
            ("4808804-amd64",  &["4808804-amd64", "a1b2c3d", "deadbee"],                            true),
            ("1.2.3-4808804",  &["1.2.3-4808804", "10.2.4-0f0f0f0-debug"],                          true),
            ("dev-4808804",    &["dev-4808804", "main-a1b2c3d"],                                    true),
            ("main-4808804",   &["main-4808804", "dev-7284872", "main-7284872", "dev-a1b2c3d"],     true),
            ("build-4808804-x", &["build-4808804-x", "main-a1b2c3d"],                               false),
            ("4808804",        &["4808804", "a1b2c3d4"],                                            false),
            ("main-4808804",   &["main-4808804", "a1b2c3d"],                                        false),
            ("4808804480880",  &["4808804480880", "a1b2c3d4e5f6a"],                                 true),
            ("main-9808804480880480", &["main-9808804480880480", "main-a1b2c3d4e5f6a7b8"],          true),
            ("1.2.3-48088044808804808804", &["1.2.3-48088044808804808804", "1.2.3-a1b2c3d4e5f6a7b8c9d0"], true),
            ("20240101120000", &["20240101120000", "a1b2c3d4e5f6a7"],                               false),
            ("build-1234561",  &["build-1234561", "build-1234562", "build-1234564", "sha-a1b2c3d", "sha-b1b2c3d"], false),
            ("build-1234567",  &["build-1234567", "build-1234568", "main-a1b2c3d"],                 false),
            ("run-12345610",   &["run-12345610", "run-12945620", "run-13345633", "sha-a1b2c3d8", "sha-b1b2c3d8"], false),
            ("1.2.3-1234561",  &["1.2.3-1234561", "1.2.3-1234562", "1.2.4-1234563", "1.2.3-a1b2c3d", "1.2.4-b1b2c3d"], false),
            ("1.2.3-dev.4808804", &["1.2.3-dev.4808804", "1.2.3-dev.a1b2c3d"],                      true),
            ("1718000000000",  &["1718000000000", "a1b2c3d4e5f6a"],                                 false),
            ("git4808804",     &["git4808804", "gita1b2c3d", "gitdeadbee"],                         true),
            ("main-commit4808804", &["main-commit4808804", "main-commita1b2c3d"],                   true),
            ("48088",          &["48088", "a1b2c", "1f2e3"],                                        true),
            ("main-480880",    &["main-480880", "main-a1b2c3"],                                     true),
            ("main-202406",    &["main-202406", "main-a1b2c3"],                                     false),
            ("12345",          &["12345", "12346", "12347", "a1b2c"],                               false),
            ("4808804",        &["4808804", "A1B2C3D", "0F0F0F0"],                                  true),
        ];
        for (tag, tags, is_commit) in rows {
            assert_eq!(CommitPlaces::new(tags.iter().copied()).has_commit(tag), is_commit, "{tag} among {tags:?}");
            assert!(may_have_commit(tag) || !is_commit, "{tag}");
        }
    }
}
