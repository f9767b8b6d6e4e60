//! Progress, in the manner of cargo: one line a step, the verb in front.

use std::io::{IsTerminal, Write};

/// Says on standard error that a step begins.
pub fn step(verb: &str, what: impl std::fmt::Display) {
    let mut err = std::io::stderr().lock();
    let (bold, plain) = if err.is_terminal() { ("\x1b[1;32m", "\x1b[0m") } else { ("", "") };
    // A closed standard error is no reason to stop.
    let _ = writeln!(err, "{bold}{verb:>12}{plain} {what}");
}

/// Bytes in the unit that reads best.
pub fn bytes(count: u64) -> String {
    match count {
        0..10_240 => format!("{count} B"),
        10_240..10_485_760 => format!("{:.1} KiB", count as f64 / 1024.0),
        _ => format!("{:.1} MiB", count as f64 / 1_048_576.0),
    }
}

/// A word as it is typed in a shell.
pub fn typed(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+,:@%=".contains(c);
    if word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_one_word_of_a_shell() {
        for word in ["/home/me/a.b-c/id_ed25519", "/my boards/it's $HOME"] {
            let echo = format!("printf %s {}", typed(word));
            let said = std::process::Command::new("sh").args(["-c", &echo]).output().unwrap();
            assert_eq!(String::from_utf8(said.stdout).unwrap(), word);
        }
        assert_eq!(typed("/home/me/x_1"), "/home/me/x_1");
    }
}
