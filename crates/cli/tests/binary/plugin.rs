//! `skep conformance-plugin`, as the suite calls it.

use crate::skep::skep_with_input;

/// `r0 = 42; exit`
const FORTY_TWO: &str = "b7 00 00 00 2a 00 00 00 95 00 00 00 00 00 00 00";
/// `r0 = *(u8 *)(r1 + 1); r0 += r2; exit`: memory in R1, its length in R2.
const SECOND_BYTE: &str = "71 10 01 00 00 00 00 00 0f 20 00 00 00 00 00 00 95 00 00 00 00 00 00 00";

fn plugin(program: &str, memory: &[&str]) -> crate::skep::Ran {
    skep_with_input(&[&["conformance-plugin"], memory].concat(), program)
}

#[test]
fn r0_is_printed_in_hex() {
    assert_eq!(plugin(FORTY_TWO, &[]).succeeds().stdout, "2a\n");
    let document = skep_with_input(&["conformance-plugin", "--json"], FORTY_TWO).succeeds().json();
    assert_eq!(document["r0"], "0x2a");
}

#[test]
fn the_program_gets_memory_and_its_length() {
    assert_eq!(plugin(SECOND_BYTE, &["aa 10 cc"]).succeeds().stdout, "13\n");
}

#[test]
fn an_access_outside_the_memory_is_a_fault() {
    let ran = plugin(SECOND_BYTE, &["aa"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (1, ""), "{}", ran.stderr);
}

#[test]
fn input_that_is_no_program_says_why() {
    for (program, part) in [("zz", "`zz`"), ("b7000", "hex"), ("b7 00", "8"), ("", "empty")] {
        let ran = plugin(program, &[]);
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{program}: {}", ran.stderr);
        assert!(ran.stderr.contains(part), "{program}: {}", ran.stderr);
    }
    assert_eq!(plugin(FORTY_TWO, &["xyz"]).status, 2);
}
