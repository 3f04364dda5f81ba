//! The cases of software events. What else happens to the thread counts too, so that notes tell how numbers relate: the
//! event is switched off before they are read.

use crate::world::{Open, Program, Source, Switch, Way, Who, World};

type Case = (&'static str, fn(&mut dyn World, Way, Source));

pub(crate) const CASES: &[Case] = &[
    ("results decide about records", results),
    ("a second program, and one of another type", second),
    ("inherited events", inherited),
    ("counting events", counting),
    ("limits", limits),
];

const COOKIE: u64 = 9;
const HITS: u32 = 5;

/// Attaches as the way says; notes the answer.
fn attach(w: &mut dyn World, way: Way, program: usize, event: usize) {
    let answer = match way.is_link() {
        true => w.link(program, event, COOKIE).map(drop),
        false => w.set_bpf(program, event),
    };
    w.note(format!("attach: {answer:?}"));
}

/// Switches on, has the event overflow, and switches off.
fn hit(w: &mut dyn World, way: Way, event: usize, who: Who) {
    let on = w.switch(event, Switch::Enable);
    w.hit(way, HITS, who);
    let off = w.switch(event, Switch::Disable);
    w.note(format!("{on:?}, {off:?}"));
}

/// None, all or some.
fn share(part: u64, all: u64) -> &'static str {
    match part {
        0 => "none",
        part if part == all => "all",
        part if part < all => "some",
        _ => "more",
    }
}

const DISABLED: Open =
    Open { disabled: true, inherit: false, counting: false, precise: false, group: None };

fn results(w: &mut dyn World, way: Way, source: Source) {
    for r0 in [0, 1, u64::MAX, 1 << 32] {
        let event = w.open(way, DISABLED).unwrap();
        w.records(event);
        let program = w.load(way, Program { r0, ..Program::default() });
        attach(w, way, program, event);
        hit(w, way, event, Who::Own);
        let (runs, cookies) = w.seen(program);
        let (records, value) = (w.records(event) as u64, w.value(event));
        let has_run = runs >= u64::from(HITS);
        // A clock counts beyond its last overflow.
        let counts_runs =
            value / source.period() >= runs && (source == Source::CpuClock || value == runs);
        let (records, cookies) = (share(records, runs), share(cookies, runs * COOKIE));
        w.note(format!(
            "{r0:#x}: runs {has_run}, records {records}, cookies {cookies}, value {counts_runs}"
        ));
        w.close_event(event);
    }
}

fn second(w: &mut dyn World, way: Way, _: Source) {
    let event = w.open(way, DISABLED).unwrap();
    let (first, other) = (w.load(way, Program::default()), w.load(way, Program::default()));
    let wrong = w.load(way, Program { other_type: true, ..Program::default() });
    attach(w, way, wrong, event);
    attach(w, way, first, event);
    attach(w, way, first, event);
    attach(w, way, other, event);
    attach(w, way, wrong, event);
    hit(w, way, event, Who::Own);
    let (first, other) = (w.seen(first).0 >= u64::from(HITS), w.seen(other));
    w.note(format!("the first runs: {first}, the other: {other:?}"));
}

fn inherited(w: &mut dyn World, way: Way, source: Source) {
    for r0 in [0, 1] {
        let event = w.open(way, Open { inherit: true, ..DISABLED }).unwrap();
        let program = w.load(way, Program { r0, ..Program::default() });
        attach(w, way, program, event);
        hit(w, way, event, Who::Child);
        let (runs, cookies) = w.seen(program);
        let value = w.value(event);
        // The thread that makes the child overflows too, with the cookie; the child has none.
        let childs = runs - cookies / COOKIE;
        let has_run = childs >= u64::from(HITS);
        let counts_runs = value / source.period() >= childs;
        w.note(format!("{r0}: runs {has_run}, value {counts_runs}"));
        // Copies are made in the state that the event is in.
        w.hit(way, HITS, Who::Child);
        let seen = w.seen(program);
        w.note(format!("while off: {seen:?}"));
        let answer = w.switch(event, Switch::Refresh(1));
        w.note(format!("{answer:?}"));
        w.close_event(event);
    }
}

fn counting(w: &mut dyn World, way: Way, source: Source) {
    let event = w.open(way, Open { counting: true, ..DISABLED }).unwrap();
    let program = w.load(way, Program { r0: 1, ..Program::default() });
    attach(w, way, program, event);
    hit(w, way, event, Who::Own);
    let (seen, value) = (w.seen(program), w.value(event));
    let counts = value >= u64::from(HITS) * source.period();
    w.note(format!("{seen:?}, value {counts}"));
    for switch in [Switch::Refresh(1), Switch::Period(1)] {
        let answer = w.switch(event, switch);
        w.note(format!("{switch:?}: {answer:?}"));
    }
}

fn limits(w: &mut dyn World, way: Way, _: Source) {
    for r0 in [0, 1] {
        let event = w.open(way, DISABLED).unwrap();
        w.records(event);
        let program = w.load(way, Program { r0, ..Program::default() });
        attach(w, way, program, event);
        let answer = w.switch(event, Switch::Refresh(3));
        w.hit(way, HITS, Who::Own);
        // Results of 0 use up nothing of the limit: what is still on is switched off here.
        let off = w.switch(event, Switch::Disable);
        let (runs, records) = (w.seen(program).0, w.records(event));
        let runs = if runs >= u64::from(HITS) { "enough".to_owned() } else { runs.to_string() };
        w.note(format!("{r0}: {answer:?}, {off:?}, runs {runs}, records {records}"));
        for switch in [Switch::Period(0), Switch::Period(1 << 63), Switch::Refresh(0)] {
            let answer = w.switch(event, switch);
            w.note(format!("{switch:?}: {answer:?}"));
        }
        w.close_event(event);
    }
}
