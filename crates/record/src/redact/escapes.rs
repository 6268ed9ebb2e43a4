//! A text as a JSON reader would see its strings, and the way back to where each byte came from.

/// The text with its JSON escapes replaced; `None` where there are none.
pub(super) fn decode(text: &str) -> Option<String> {
    memchr::memchr(b'\\', text.as_bytes())?;
    let mut out = String::with_capacity(text.len());
    let mut is_changed = false;
    each(text, |piece| match piece {
        Piece::Plain { text, .. } => out.push_str(text),
        Piece::Escape { meaning, .. } => {
            is_changed = true;
            out.push(meaning);
        }
    });
    is_changed.then_some(out)
}

/// For each byte of `text` decoded `depth` times, and for its end, where that began in `text`.
pub(super) fn origin(text: &str, depth: usize) -> Vec<usize> {
    let mut origin: Vec<usize> = (0..=text.len()).collect();
    let mut view = text.to_owned();
    for _ in 0..depth {
        let mut next = Vec::with_capacity(view.len() + 1);
        each(&view, |piece| match piece {
            Piece::Plain { start, text } => next.extend_from_slice(&origin[start..start + text.len()]),
            Piece::Escape { start, meaning } => {
                next.resize(next.len() + meaning.len_utf8(), origin[start]);
            }
        });
        next.push(text.len());
        origin = next;
        match decode(&view) {
            Some(decoded) => view = decoded,
            None => break,
        }
    }
    origin
}

enum Piece<'t> {
    Plain { start: usize, text: &'t str },
    Escape { start: usize, meaning: char },
}

fn each<'t>(text: &'t str, mut take: impl FnMut(Piece<'t>)) {
    let mut plain = 0;
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'\\', &text.as_bytes()[at..]) {
        let start = at + found;
        match escape(&text[start..]) {
            Some((meaning, length)) => {
                take(Piece::Plain { start: plain, text: &text[plain..start] });
                take(Piece::Escape { start, meaning });
                at = start + length;
                plain = at;
            }
            // A backslash of no meaning stays one.
            None => at = start + 1,
        }
    }
    take(Piece::Plain { start: plain, text: &text[plain..] });
}

/// The meaning of the escape that `text` begins with, and its length in bytes (RFC 8259, section 7).
fn escape(text: &str) -> Option<(char, usize)> {
    let meaning = match text.as_bytes().get(1)? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unicode(text),
        _ => return None,
    };
    Some((meaning, 2))
}

fn unicode(text: &str) -> Option<(char, usize)> {
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(())?;
        u16::from_str_radix(digits, 16).ok()
    };
    let first = unit(0)?;
    if let Some(meaning) = char::from_u32(first.into()) {
        return Some((meaning, 6));
    }
    let pair = unit(6).and_then(|second| char::decode_utf16([first, second]).next()?.ok());
    Some(pair.map_or((char::REPLACEMENT_CHARACTER, 6), |meaning| (meaning, 12)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_read_and_traced_back() {
        let text = r#"a\u002db\"c\ud83d\ude00d\q"#;
        let decoded = decode(text).unwrap();
        assert_eq!(decoded, "a-b\"c😀d\\q");
        let origin = origin(text, 1);
        assert_eq!(origin.len(), decoded.len() + 1);
        assert_eq!(origin[1..4], [1, 7, 8]);
        assert_eq!(
            origin[decoded.find('d').unwrap()],
            text.find('d').map(|_| text.rfind("d\\q").unwrap()).unwrap()
        );
        assert_eq!(decode("plain"), None);
        assert_eq!(decode(r"C:\windows"), None);
    }

    #[test]
    fn nested_escapes_are_traced_through_all_levels() {
        let text = r"x\\u002dy";
        assert_eq!(decode(&decode(text).unwrap()).unwrap(), "x-y");
        assert_eq!(origin(text, 2), [0, 1, 8, 9]);
    }
}
