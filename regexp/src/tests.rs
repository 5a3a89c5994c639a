//! Tests of the whole engine: its cost on hostile patterns and inputs.

use super::*;
use crate::fault::Faults;
use crate::syntax::tree::{Node, Tree};
use crate::syntax::{class, parse};

fn error(text: &str) -> String {
    Regexp::new(text).unwrap_err().to_string()
}

fn tree(text: &str) -> Tree {
    parse(text, 0, Faults::default()).unwrap()
}

/// Returns how many bytes an accepted pattern keeps, without its source.
fn weight(text: &str) -> usize {
    let tree = tree(text);
    tree.nodes.capacity() * size_of::<Node>()
        + tree.chars.capacity() * 4
        + tree.items.capacity() * size_of::<class::Item>()
}

#[test]
fn parsing_never_expands_repeats() {
    assert!(size_of::<Node>() <= 16);
    for part in [
        "a{0,1000}b",
        "(?:a{10}){100}",
        "\\pL",
        "(?i)\\pL",
        "[\\pL\\d_]",
        "[^\\p{Greek}]",
        "(a|b)*",
        "(?i)[a-z]",
        "x|",
        "()",
        "^",
        ".*",
        "[ab]|",
        "\\w\\W",
    ] {
        // Longer patterns are too large for Go, since counts and sizes are multiplied.
        let text = part.repeat(1600);
        assert!(weight(&text) <= 48 * text.len(), "{part}: {} for {}", weight(&text), text.len());
    }
}

#[test]
fn megabytes_are_parsed_quickly() {
    for text in [
        "a".repeat(1 << 20),
        "^".repeat(1 << 20),
        "a|".repeat(1 << 19),
        "a*|".repeat(300_000),
        "[ac]|[eg]|".repeat(100_000),
        "\u{e9}\\x{212A}".repeat(100_000),
        "(?i)".repeat(250_000),
        "()".repeat(1 << 19),
        "[".to_owned() + &"ac".repeat(1 << 19) + "]",
        "(?:".repeat(20_000) + &"a*)".repeat(20_000),
        format!("\\Q{}", "(".repeat(1 << 20)),
    ] {
        let pattern = Regexp::new(&text).unwrap();
        pattern.is_match(b"aaa");
    }
    assert!(
        error(&"(".repeat(1 << 20)).starts_with("error parsing regexp: missing closing ): `((")
    );
    assert!(error(&("(".repeat(2000) + &")".repeat(2000))).contains("expression nests too deeply"));
    assert!(error(&"a**".repeat(1000)).ends_with("`**`"));
    assert!(error(&("[".repeat(1 << 20))).contains("missing closing ]"));
}

#[test]
fn deep_trees_are_parsed_matched_and_dropped() {
    // The deepest trees that are accepted, on a thread with a small stack.
    let run = || {
        for text in [
            "(".repeat(999) + "a" + &")".repeat(999),
            "(?:a|b*(?:".repeat(249) + "x" + &"))".repeat(249),
            "(?:".repeat(100_000) + "a" + &")".repeat(100_000),
            "(?:a".repeat(499) + "b" + &")*".repeat(499),
        ] {
            let pattern = Regexp::new(&text).unwrap();
            assert!(pattern.is_match(b"ab") || text.contains("b*"));
        }
        // Common prefixes nest, too: each of these starts with the one before.
        let nested: Vec<String> = (1..400).map(|n| "[ab]".repeat(n)).collect();
        assert!(Regexp::new(&nested.join("|")).unwrap().is_match(b"b"));
        let nested: Vec<String> = (1..1500).map(|n| "[ab]".repeat(n)).collect();
        assert!(error(&nested.join("|")).contains("expression nests too deeply"));
    };
    std::thread::Builder::new().stack_size(256 << 10).spawn(run).unwrap().join().unwrap();
}

#[test]
fn matching_is_linear() {
    let input = "a".repeat(10_000);
    for text in [
        "(a*)*b",
        "(a|a)*b",
        "(?:a?){50}a{50}b",
        "(.*)(.*)(.*)(.*)x",
        "(a+)+$b",
        "^(?:a|a|aa)+$x",
        "(?:a{0,100}){10}b",
        "(?:(?:a*)*)*c",
        &format!("{}b", "a".repeat(5000)),
    ] {
        assert!(!Regexp::new(text).unwrap().is_match(input.as_bytes()), "{text}");
    }
    assert!(Regexp::new("a{1000}").unwrap().is_match(input.as_bytes()));
    assert!(Regexp::new("^(?:a{100}){10}").unwrap().is_match(input.as_bytes()));
}

/// The expected results are those of Go 1.26.8.
#[test]
fn surrogates_match_where_go_has_one_pass() {
    for (text, input, expected) in [
        ("\\x{D800}", "\u{fffd}", false),
        ("^\\x{D800}", "\u{fffd}", true),
        ("^a\\x{D800}b", "a\u{fffd}b", true),
        ("^a\\x{D800}+$", "a\u{fffd}", true),
        ("^a\\x{D800}+$", "a\u{fffd}\u{fffd}", false),
        ("^\\x{D800}{1,3}?$", "\u{fffd}", true),
        ("^(?:){1,2}?\\x{D800}k", "\u{fffd}k", true),
        ("^[ab]\\x{D800}", "a\u{fffd}", false),
        ("^\\x{D800}a*", "\u{fffd}", false),
        ("^\\x{D800}a*$", "\u{fffd}", true),
    ] {
        assert_eq!(
            Regexp::new(text).unwrap().is_match(input.as_bytes()),
            expected,
            "{text} on {input}"
        );
    }
    assert!(!Regexp::new("^\\x{D800}").unwrap().is_match(b"\xFF"));
}

#[test]
fn offsets_are_where_the_error_is() {
    for (text, offset) in [
        ("ab(c", 2),
        ("ab)c", 2),
        ("\u{e9}a**", 3),
        ("x[z-a]", 2),
        ("x[a", 1),
        ("ab\\", 2),
        ("a\\8", 1),
        ("*", 0),
        ("a(?x)", 1),
        ("a(?P<>x)", 1),
        ("a{1001}", 1),
    ] {
        assert_eq!(Regexp::new(text).unwrap_err().offset(), offset, "{text}");
    }
}

#[test]
fn patterns_may_be_shared() {
    fn shared<T: Send + Sync + std::fmt::Debug>(_: &T) {}
    let pattern = Regexp::new("a[b-d]+e").unwrap();
    shared(&pattern);
    assert_eq!(format!("{pattern:?}"), "Regexp(\"a[b-d]+e\")");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert!(pattern.is_match(b"xabcde")));
        }
    });
}

#[test]
fn patterns_at_the_limit_of_sizes() {
    // 1000 × 3356 instructions are more than Go's limit of 3,355,443; 1000 × 3354 are not.
    let text = |n| format!("(?:{}){{1000}}", ".x".repeat(n));
    assert!(Regexp::new(&text(1677)).is_ok());
    assert!(error(&text(1678)).contains("expression too large"));
    // 26,000 sets of 1,318 code points each are more than 33,554,432; 25,000 are not.
    assert!(Regexp::new(&"\\pL".repeat(25_000)).is_ok());
    assert!(error(&"\\pL".repeat(26_000)).contains("expression too large"));
}

#[test]
fn patterns_that_match_nothing_are_proved() {
    use crate::Unmatchable::{AfterEnd, BeforeStart, Other};
    for (pattern, want) in [
        ("$x", Some(AfterEnd)),
        ("$org.example", Some(AfterEnd)),
        (r"a\zb", Some(AfterEnd)),
        ("a^", Some(BeforeStart)),
        ("a^b", Some(BeforeStart)),
        (r"(x|y+)\Ab", Some(BeforeStart)),
        ("a^b$c", Some(Other)),
        (r"[^\x00-\x{10FFFF}]", Some(Other)),
        ("(?i)A^|B^", Some(BeforeStart)),
        ("(a^){1,3}", Some(BeforeStart)),
        ("^a$", None),
        ("a^|b", None),
        ("(a^)?", None),
        ("(a^)*", None),
        ("a*^b", None),
        ("b$c*", None),
        ("$^", None),
        ("(?m)a\n^b", None),
        ("(?m)$\nx", None),
        (r"\^x", None),
        ("[$]x", None),
        ("", None),
    ] {
        assert_eq!(crate::Unmatchable::of(pattern).unwrap(), want, "{pattern}");
    }
    assert!(crate::Unmatchable::of("(").is_err());
}
