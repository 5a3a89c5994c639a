//! A mutator that knows JSON: it moves whole values and members, so that valid JSON mostly stays
//! valid. It works on tokens, so it also works on invalid JSON.

use std::ops::Range;

/// Replacements for values: edge cases for the library's parser.
const VALUES: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "-1",
    "1.0",
    "1e2",
    "9223372036854775807",
    "9223372036854775808",
    "\"\"",
    "[]",
    "{}",
    "[null]",
    "\"\\ud800\"",
    "\"\\u0000\"",
    "\"\u{17f}\"",
    "\"/bin/sh\"",
    "\".*\"",
    "\"1.0.0\"",
    "\"0.1.0\"",
    "\"prestart\"",
    "\"poststop\"",
    "\"precreate\"",
    "{\"path\":\"/bin/true\"}",
    "{\"always\":true}",
];

/// Whitespace that is inserted between tokens.
const SPACES: &[&str] = &[" ", "\n", "\t", "\r\n", "  "];

/// Mutates an input in place, half of the time as JSON, else as bytes. Returns the new size.
pub fn json(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mut random = Random(u64::from(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    if random.below(2) == 0 {
        return libfuzzer_sys::fuzzer_mutate(data, size, max_size);
    }
    let input = &data[..size];
    let tokens = tokens(input);
    let Some(mutated) =
        mutated(input, &tokens, &mut random).filter(|mutated| mutated.len() <= max_size)
    else {
        return libfuzzer_sys::fuzzer_mutate(data, size, max_size);
    };
    data[..mutated.len()].copy_from_slice(&mutated);
    mutated.len()
}

fn mutated(input: &[u8], tokens: &[Range<usize>], random: &mut Random) -> Option<Vec<u8>> {
    if tokens.is_empty() {
        return None;
    }
    let value = |random: &mut Random| value_at(input, tokens, random.below(tokens.len()));
    let replaced =
        |at: Range<usize>, with: &[u8]| [&input[..at.start], with, &input[at.end..]].concat();
    let target = value(random)?;
    Some(match random.below(8) {
        // Replace a value with one of the list,
        0 => replaced(target, VALUES[random.below(VALUES.len())].as_bytes()),
        // or with another value of the input.
        1 => {
            let other = value(random)?;
            replaced(target, &input[other])
        }
        // Add, remove or duplicate a member or an element.
        2 => {
            let member = member_of(input, tokens, &target);
            let copy = [b",", &input[member.clone()]].concat();
            replaced(member.end..member.end, &copy)
        }
        3 => {
            let member = member_of(input, tokens, &target);
            let end =
                if input.get(member.end) == Some(&b',') { member.end + 1 } else { member.end };
            replaced(member.start..end, b"")
        }
        4 => {
            let (member, other) = (member_of(input, tokens, &target), value(random)?);
            let other = member_of(input, tokens, &other);
            let copy = [b",", &input[other]].concat();
            replaced(member.end..member.end, &copy)
        }
        5 => {
            let wrapped = [b"[", &input[target.clone()], b"]"].concat();
            replaced(target, &wrapped)
        }
        6 => {
            let token = &tokens[random.below(tokens.len())];
            let space = SPACES[random.below(SPACES.len())].as_bytes();
            replaced(token.start..token.start, space)
        }
        // Escape a character of a string, or change its case.
        _ => {
            let strings: Vec<_> = tokens
                .iter()
                .filter(|token| token.len() > 2 && input[token.start] == b'"')
                .collect();
            let string = strings.get(random.below(strings.len().max(1)))?;
            let at = string.start + 1 + random.below(string.len() - 2);
            let byte = input[at];
            let with = match random.below(3) {
                0 => format!("\\u{:04x}", byte).into_bytes(),
                1 => vec![byte ^ 0x20],
                _ => [b"\\", &[byte][..]].concat(),
            };
            replaced(at..at + 1, &with)
        }
    })
}

/// Returns the range of the whole value that starts at a token; any other token is its own range.
fn value_at(input: &[u8], tokens: &[Range<usize>], first: usize) -> Option<Range<usize>> {
    let start = tokens.get(first)?.start;
    let mut depth = 0_usize;
    for token in &tokens[first..] {
        match input[token.start] {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return Some(start..token.end);
        }
    }
    None
}

/// Returns the range of a value and the key before it, if it has one.
fn member_of(input: &[u8], tokens: &[Range<usize>], value: &Range<usize>) -> Range<usize> {
    let at = tokens.partition_point(|token| token.start < value.start);
    match at.checked_sub(2).and_then(|key| tokens.get(key..at)) {
        Some([key, colon]) if input[colon.start] == b':' && input[key.start] == b'"' => {
            key.start..value.end
        }
        _ => value.clone(),
    }
}

/// Splits an input into tokens: strings, brackets, commas, colons, and runs of anything else.
fn tokens(input: &[u8]) -> Vec<Range<usize>> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(byte) = input.get(at) {
        let start = at;
        at += 1;
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' | 0xff => continue,
            b'"' => {
                while let Some(byte) = input.get(at) {
                    at += 1;
                    match byte {
                        b'\\' => at += 1,
                        b'"' => break,
                        _ => {}
                    }
                }
                at = at.min(input.len());
            }
            b'[' | b']' | b'{' | b'}' | b',' | b':' => {}
            _ => {
                let more =
                    input[at..].iter().take_while(|byte| !b" \t\r\n\"[]{},:\xff".contains(byte));
                at += more.count();
            }
        }
        tokens.push(start..at);
    }
    tokens
}

/// A xorshift64* generator: the mutator must be a function of its seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit
    }
}
