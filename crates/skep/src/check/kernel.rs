//! The running kernel's rejection, told like skep's own: its log holds the sentence and the path.

use skep_abi::Errno;
use skep_host::Verdict;
use skep_object::{KernelProfile, Resolved, ResolvedProgram};
use skep_verifier::Rejection;
use skep_verifier::diag::Kind;

use super::object::{Finding, finding};

/// A rejection of the running kernel in words that skep has no entry for.
static UNLISTED: Kind = Kind {
    name: "unlisted",
    errno: Errno::EINVAL,
    doc: "The kernel refuses the program in words that skep does not know.\n",
    text: "",
    help: "read the kernel's sentence, and the lines of its log before it",
    module: "skep::kernel",
    example: "",
};

/// Most insns of the path that are kept: its end.
const PATH_MAX: usize = 4096;

/// What the running kernel found wrong with a program: the kind by its sentence, the insn and the path by its log.
/// None when it accepted the program.
#[must_use]
pub fn finding_of_kernel(
    resolved: &Resolved,
    profile: &KernelProfile,
    program: &ResolvedProgram,
    verdict: &Verdict,
) -> Option<Finding> {
    let errno = verdict.errno?;
    let message = verdict.last_message();
    let path = path(&verdict.log);
    let why = Rejection {
        kind: kind_of(message).unwrap_or(&UNLISTED),
        errno,
        message: if message.is_empty() { errno.to_string() } else { message.to_owned() },
        lines_before: Vec::new(),
        insn: path.last().copied().flatten(),
        path,
    };
    Some(finding(resolved, profile, program, &why))
}

/// The insns that a log lists, such as `12: (95) exit`.
fn path(log: &str) -> Vec<Option<u32>> {
    let insns = log.lines().filter_map(|line| {
        let (number, rest) = line.split_once(": (")?;
        // Two hexadecimal digits of the operation follow.
        let is_code = rest.as_bytes().get(2) == Some(&b')');
        number.parse().ok().filter(|_| is_code)
    });
    let mut path: Vec<Option<u32>> = insns.map(Some).collect();
    if path.len() > PATH_MAX {
        path.drain(..path.len() - PATH_MAX);
        path.insert(0, None);
    }
    path
}

/// The kind whose sentence this is: of those that could have made it the one with most words of its own.
#[must_use]
pub fn kind_of(sentence: &str) -> Option<&'static Kind> {
    let matching = super::kinds().filter_map(|kind| Some((fits(kind.text, sentence)?, kind)));
    matching.max_by_key(|(letters, _)| *letters).map(|(_, kind)| kind)
}

/// How many letters of a sentence come from a template, if it can have made the sentence.
fn fits(template: &str, sentence: &str) -> Option<usize> {
    let mut parts = template.split('{');
    let first = parts.next()?;
    let mut rest = sentence.strip_prefix(first)?;
    let mut letters = first.len();
    let mut ends_in_field = false;
    for part in parts {
        let (_, literal) = part.split_once('}')?;
        let at = rest.find(literal)?;
        rest = &rest[at + literal.len()..];
        letters += literal.len();
        ends_in_field = literal.is_empty();
    }
    (letters > 3 && (rest.is_empty() || ends_in_field)).then_some(letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_told_by_their_templates() {
        let template = "invalid read from stack off {off}+{i} size {size}";
        assert!(fits(template, "invalid read from stack off -8+3 size 8").is_some());
        assert_eq!(fits(template, "invalid write to stack off -8+3 size 8"), None);
        assert_eq!(fits("{found}", "anything"), None, "a template without words says nothing");
        assert_eq!(fits("R{regno} !read_ok", "R3 !read_ok and more"), None);
        let kind = kind_of("R3 !read_ok").unwrap();
        assert!(kind.text.contains("!read_ok"), "{}", kind.name);
        assert!(kind_of("words of a kernel to come").is_none());
    }

    #[test]
    fn the_path_is_read_out_of_the_log() {
        let log = "0: R1=ctx() R10=fp0\n; int x; @ a.c:3\n0: (b7) r1 = 1\nfrom 5 to 7: R0=0\n7: (95) exit\nR0 !read_ok\n";
        assert_eq!(path(log), [Some(0), Some(7)]);
        assert_eq!(path("x: (y\n3: (\n"), []);
        let long: String = (0..5000).map(|at| format!("{at}: (b7) r1 = 1\n")).collect();
        let path = path(&long);
        assert_eq!((path.len(), path[0], path[PATH_MAX]), (PATH_MAX + 1, None, Some(4999)));
    }
}
