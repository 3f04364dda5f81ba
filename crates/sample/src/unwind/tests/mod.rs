//! Stacks of real processes, which stand still in a system call while they are unwound.

mod hostile;
mod oracle;
mod process;

use process::{Stopped, build};
use skep_abi::{Sample, UserStack, X86Regs};

use super::*;

/// The names of the program's own functions on the stack, innermost first.
fn own_frames(flags: &[&str], kind: &str) -> Option<(Vec<String>, Unwound)> {
    let program = build(flags)?;
    let stopped = Stopped::start(&program, kind)?;
    let mut memory = LiveMemory::open(stopped.pid).unwrap();
    let unwound = Unwinder::new().unwind(&mut stopped.space(), &stopped.regs, &mut memory);
    Some((stopped.names(&unwound.frames), unwound))
}

const NO_FRAME_POINTERS: &[&str] = &["-O2", "-fomit-frame-pointer"];
/// `leaf` saves every register, so that all are known above it.
const SAVING: &[&str] = &["-O2", "-fomit-frame-pointer", "-DSAVE_ALL"];

#[test]
fn main_is_reached_through_a_callback_from_libc() {
    let Some((names, unwound)) = own_frames(NO_FRAME_POINTERS, "callback") else { return };
    assert_eq!(names, ["leaf", "compare", "callback", "main", "_start"]);
    assert_eq!(unwound.end, StackEnd::Outermost);
}

#[test]
fn a_signal_handler_leads_back_to_what_it_interrupted() {
    let Some((names, unwound)) = own_frames(NO_FRAME_POINTERS, "signal") else { return };
    assert_eq!(names, ["leaf", "on_signal", "interrupted", "main", "_start"]);
    assert_eq!(unwound.end, StackEnd::Outermost);
}

#[test]
fn a_realigned_stack_is_crossed() {
    let Some((names, unwound)) = own_frames(SAVING, "realigned") else { return };
    assert_eq!(names, ["leaf", "realigned", "main", "_start"]);
    assert_eq!(unwound.end, StackEnd::Outermost);
}

#[test]
fn debug_frame_serves_where_there_is_no_eh_frame() {
    let flags = [
        "-O2",
        "-g",
        "-fomit-frame-pointer",
        "-fno-asynchronous-unwind-tables",
        "-fno-unwind-tables",
    ];
    let Some((names, _)) = own_frames(&flags, "deep") else { return };
    assert_eq!(names.first().map(String::as_str), Some("leaf"));
    assert_eq!(names.iter().filter(|name| *name == "deep").count(), 41);
    assert_eq!(names.get(42).map(String::as_str), Some("main"));
}

#[test]
fn an_index_is_made_where_the_linker_made_none() {
    let Some((names, _)) =
        own_frames(&["-O2", "-fomit-frame-pointer", "-Wl,--no-eh-frame-hdr"], "deep")
    else {
        return;
    };
    assert_eq!(names.iter().filter(|name| *name == "deep").count(), 41);
    assert_eq!(names.get(42).map(String::as_str), Some("main"));
}

#[test]
fn a_stack_deeper_than_the_limit_ends_there() {
    let Some((_, unwound)) = own_frames(NO_FRAME_POINTERS, "deeper") else { return };
    assert_eq!((unwound.frames.len(), unwound.end), (MAX_FRAMES, StackEnd::TooDeep));
}

#[test]
fn copied_bytes_give_the_same_stack_as_live_memory_or_its_head() {
    let Some(program) = build(NO_FRAME_POINTERS) else { return };
    let Some(stopped) = Stopped::start(&program, "deep") else { return };
    let mut space = stopped.space();
    let mut unwinder = Unwinder::new();
    let mut live = LiveMemory::open(stopped.pid).unwrap();
    let whole = unwinder.unwind(&mut space, &stopped.regs, &mut live);
    let copied = |size| UserStack { start: stopped.regs.sp, bytes: stopped.stack(size) };

    let enough = copied(STACK_COPY_BYTES as usize);
    assert_eq!(unwinder.unwind(&mut space, &stopped.regs, &mut CopiedStack(&enough)), whole);

    let few = copied(256);
    let head = unwinder.unwind(&mut space, &stopped.regs, &mut CopiedStack(&few));
    assert_eq!(head.end, StackEnd::Truncated);
    assert!(head.frames.len() > 4 && whole.frames.starts_with(&head.frames));
}

#[test]
fn auto_takes_the_callchain_only_where_it_knows_more() {
    let Some(program) = build(NO_FRAME_POINTERS) else { return };
    let Some(stopped) = Stopped::start(&program, "callback") else { return };
    let mut space = stopped.space();
    let mut unwinder = Unwinder::new();
    let mut sample = Sample {
        user_regs: Some(stopped.regs),
        user_stack: vec![stopped.regs.ip, 1, 2],
        user_stack_bytes: Some(UserStack { start: stopped.regs.sp, bytes: stopped.stack(8192) }),
        ..Sample::default()
    };
    let tables = unwinder.user_stack(UnwindMode::Dwarf, &mut space, &sample);
    assert!(tables.len() > 5);
    assert_eq!(unwinder.user_stack(UnwindMode::Auto, &mut space, &sample), tables);
    assert_eq!(unwinder.user_stack(UnwindMode::Fp, &mut space, &sample), sample.user_stack);

    // The tables reach the outermost frame, so that even a longer callchain must be wrong.
    sample.user_stack = vec![7; 100];
    assert_eq!(unwinder.user_stack(UnwindMode::Auto, &mut space, &sample), tables);

    // They run out of bytes, and the callchain is longer.
    sample.user_stack_bytes = Some(UserStack { start: stopped.regs.sp, bytes: stopped.stack(64) });
    assert_eq!(unwinder.user_stack(UnwindMode::Auto, &mut space, &sample), sample.user_stack);
    assert!(unwinder.user_stack(UnwindMode::Dwarf, &mut space, &sample).len() < 5);

    // A 32-bit program's words are not ours.
    sample.user_regs = Some(X86Regs { cs: 0x23, ..stopped.regs });
    assert_eq!(unwinder.user_stack(UnwindMode::Dwarf, &mut space, &sample), sample.user_stack);
}

#[test]
fn generated_code_is_walked_by_frame_pointers() {
    let mut words = [0u64; 16];
    words[2..6].copy_from_slice(&[0x7000_0050, 0x4444_0000, 0, 0]);
    let stack = UserStack {
        start: 0x7000_0000,
        bytes: words.iter().flat_map(|w| w.to_le_bytes()).collect(),
    };
    let regs = X86Regs { ip: 0x5555_0000, sp: 0x7000_0000, bp: 0x7000_0010, ..X86Regs::default() };
    let mut space = AddressSpace::new(skep_abi::Pid(u32::MAX));
    let unwound = Unwinder::new().unwind(&mut space, &regs, &mut CopiedStack(&stack));
    assert_eq!(unwound.frames, [0x5555_0000, 0x4444_0000]);
    assert_eq!(unwound.end, StackEnd::Outermost);
}

#[test]
fn our_own_vdso_has_unwind_tables() {
    let Some(image) = vdso::image() else {
        skep_skip::skipped!("this process has no vDSO");
        return;
    };
    assert!(image.size() > 100);
    assert!(image.address_of(0).is_some());
}
