//! The cases: what is done, and what is asked. A case notes answers; both engines must note the same.

use crate::world::{Open, Program, Switch, Way, Who, World, Wrong};

type Case = (&'static str, fn(&mut dyn World, Way));

pub(crate) const CASES: &[Case] = &[
    ("results decide about records", results),
    ("cookies", cookies),
    ("a second program", second),
    ("what is refused", refused),
    ("closing in every order", closing),
    ("attaching again", again),
    ("switching on and off", switching),
    ("counting events", counting),
    ("inherited events", inherited),
    ("attaching after the fork", late),
    ("limits", limits),
    ("groups", groups),
    ("precise events", precise),
    ("asking for programs", queries),
];

/// Attaches as the way says; notes the answer. The link, where there is one.
fn attach(w: &mut dyn World, way: Way, program: usize, event: usize, cookie: u64) -> Option<usize> {
    if way.is_link() {
        let answer = w.link(program, event, cookie);
        w.note(format!("link: {:?}", answer.map(drop)));
        return answer.ok();
    }
    let answer = w.set_bpf(program, event);
    w.note(format!("set_bpf: {answer:?}"));
    None
}

fn hits(w: &mut dyn World, way: Way, program: usize, who: Who) {
    w.hit(way, 5, who);
    let (runs, cookies) = w.seen(program);
    w.note(format!("{who:?}: {runs} runs, cookies {cookies}"));
}

fn results(w: &mut dyn World, way: Way) {
    for r0 in [0, 1, u64::MAX, 1 << 32] {
        let event = w.open(way, Open::default()).unwrap();
        w.records(event);
        let program = w.load(way, Program { r0, ..Program::default() });
        let link = attach(w, way, program, event, 0);
        hits(w, way, program, Who::Own);
        let (records, value) = (w.records(event), w.value(event));
        w.note(format!("{r0:#x}: {records} records, value {value}"));
        // The programs of a tracepoint decide together: this one must not decide about the next.
        if let Some(link) = link {
            w.close_link(link);
        }
        w.close_event(event);
    }
}

fn cookies(w: &mut dyn World, way: Way) {
    for cookie in [0, 7, 1 << 40] {
        let event = w.open(way, Open::default()).unwrap();
        let program = w.load(way, Program { r0: 1, ..Program::default() });
        let link = attach(w, way, program, event, cookie);
        hits(w, way, program, Who::Own);
        if let Some(link) = link {
            w.close_link(link);
        }
        w.close_event(event);
    }
}

fn second(w: &mut dyn World, way: Way) {
    let event = w.open(way, Open::default()).unwrap();
    let (first, other) = (w.load(way, Program::default()), w.load(way, Program::default()));
    attach(w, way, first, event, 1);
    attach(w, way, first, event, 2);
    attach(w, way, other, event, 3);
    let answers =
        (w.set_bpf(first, event), w.set_bpf(other, event), w.link(other, event, 1).map(drop));
    w.note(format!("{answers:?}"));
    let beside = w.open(way, Open::default()).unwrap();
    attach(w, way, first, beside, 4);
    attach(w, way, other, beside, 5);
    hits(w, way, first, Who::Own);
    hits(w, way, other, Who::Own);
}

fn refused(w: &mut dyn World, way: Way) {
    let event = w.open(way, Open::default()).unwrap();
    let program = w.load(way, Program::default());
    let wrong = w.load(way, Program { other_type: true, ..Program::default() });
    attach(w, way, wrong, event, 0);
    let answers = (w.set_bpf_no_program(event), w.set_bpf(wrong, event));
    w.note(format!("{answers:?}"));
    for how in [Wrong::Flags, Wrong::AttachType, Wrong::Target, Wrong::Program] {
        let answer = w.bad_link(program, event, how).map(drop);
        w.note(format!("{how:?}: {answer:?}"));
    }
    let link = attach(w, way, program, event, 0);
    attach(w, way, wrong, event, 0);
    if let Some(link) = link {
        let answers = (w.update(link, program), w.detach(link));
        w.note(format!("update, detach: {answers:?}"));
        hits(w, way, program, Who::Own);
    }
}

fn closing(w: &mut dyn World, way: Way) {
    for order in ["epl", "elp", "pel", "ple", "lep", "lpe"] {
        let event = w.open(way, Open::default()).unwrap();
        let program = w.load(way, Program { r0: 1, ..Program::default() });
        let link = attach(w, way, program, event, 1);
        for which in order.chars() {
            match (which, link) {
                ('e', _) => w.close_event(event),
                ('p', _) => w.close_program(program),
                (_, Some(link)) => w.close_link(link),
                (_, None) => continue,
            }
            hits(w, way, program, Who::Own);
            let is_loaded = w.is_loaded(program);
            w.note(format!("{order} after {which}: {is_loaded}"));
        }
    }
}

fn again(w: &mut dyn World, way: Way) {
    let event = w.open(way, Open::default()).unwrap();
    let program = w.load(way, Program { r0: 1, ..Program::default() });
    for cookie in 1..4 {
        let link = attach(w, way, program, event, cookie);
        hits(w, way, program, Who::Own);
        if let Some(link) = link {
            w.close_link(link);
            hits(w, way, program, Who::Own);
        }
    }
    let value = w.value(event);
    w.note(format!("value {value}"));
}

fn switching(w: &mut dyn World, way: Way) {
    let event = w.open(way, Open { disabled: true, ..Open::default() }).unwrap();
    let program = w.load(way, Program { r0: 1, ..Program::default() });
    attach(w, way, program, event, 1);
    hits(w, way, program, Who::Own);
    for switch in [Switch::Enable, Switch::Enable, Switch::Disable, Switch::Disable, Switch::Enable]
    {
        let answer = w.switch(event, switch);
        w.note(format!("{switch:?}: {answer:?}"));
        hits(w, way, program, Who::Own);
        let value = w.value(event);
        w.note(format!("value {value}"));
    }
    let answer = w.switch(event, Switch::Reset);
    let value = w.value(event);
    w.note(format!("{answer:?}, value {value}"));
}

fn counting(w: &mut dyn World, way: Way) {
    let event = w.open(way, Open { counting: true, ..Open::default() }).unwrap();
    let program = w.load(way, Program { r0: 1, ..Program::default() });
    attach(w, way, program, event, 1);
    hits(w, way, program, Who::Own);
    let (records, value) = (w.records(event), w.value(event));
    w.note(format!("{records} records, value {value}"));
    for switch in [Switch::Refresh(1), Switch::Period(1)] {
        let answer = w.switch(event, switch);
        w.note(format!("{switch:?}: {answer:?}"));
    }
}

fn inherited(w: &mut dyn World, way: Way) {
    let event = w.open(way, Open { inherit: true, ..Open::default() }).unwrap();
    let program = w.load(way, Program { r0: 1, ..Program::default() });
    let link = attach(w, way, program, event, 9);
    for who in [Who::Own, Who::Child, Who::Child] {
        hits(w, way, program, who);
        let value = w.value(event);
        w.note(format!("value {value}"));
    }
    let answers = (w.switch(event, Switch::Disable), w.switch(event, Switch::Refresh(1)));
    w.note(format!("{answers:?}"));
    hits(w, way, program, Who::Child);
    let answer = w.switch(event, Switch::Enable);
    w.note(format!("{answer:?}"));
    if let Some(link) = link {
        w.close_link(link);
        hits(w, way, program, Who::Child);
    }
    w.close_event(event);
    hits(w, way, program, Who::Child);
}

fn late(w: &mut dyn World, way: Way) {
    let event = w.open(way, Open { inherit: true, ..Open::default() }).unwrap();
    hits_without(w, way, event);
    let program = w.load(way, Program { r0: 0, ..Program::default() });
    attach(w, way, program, event, 9);
    hits(w, way, program, Who::Child);
    let value = w.value(event);
    w.note(format!("value {value}"));
}

fn hits_without(w: &mut dyn World, way: Way, event: usize) {
    w.hit(way, 5, Who::Child);
    let value = w.value(event);
    w.note(format!("value {value} without a program"));
}

fn limits(w: &mut dyn World, way: Way) {
    for r0 in [0, 1] {
        let event = w.open(way, Open { disabled: true, ..Open::default() }).unwrap();
        w.records(event);
        let program = w.load(way, Program { r0, ..Program::default() });
        let link = attach(w, way, program, event, 1);
        let answer = w.switch(event, Switch::Refresh(3));
        w.note(format!("{answer:?}"));
        hits(w, way, program, Who::Own);
        let records = w.records(event);
        w.note(format!("{records} records"));
        for switch in
            [Switch::Period(0), Switch::Period(1 << 63), Switch::Period(1), Switch::Refresh(0)]
        {
            let answer = w.switch(event, switch);
            w.note(format!("{switch:?}: {answer:?}"));
        }
        if let Some(link) = link {
            w.close_link(link);
        }
        w.close_event(event);
    }
}

fn groups(w: &mut dyn World, way: Way) {
    let leader = w.open(way, Open { disabled: true, ..Open::default() }).unwrap();
    let sibling = w.open(way, Open { group: Some(leader), ..Open::default() }).unwrap();
    let nested = w.open(way, Open { group: Some(sibling), ..Open::default() });
    w.note(format!("{:?}", nested.map(drop)));
    let program = w.load(way, Program { r0: 1, ..Program::default() });
    attach(w, way, program, sibling, 1);
    hits(w, way, program, Who::Own);
    for (event, switch) in [
        (leader, Switch::Enable),
        (leader, Switch::Disable),
        (sibling, Switch::EnableGroup),
        (sibling, Switch::Disable),
        (leader, Switch::EnableGroup),
        (leader, Switch::DisableGroup),
        (sibling, Switch::Enable),
    ] {
        let answer = w.switch(event, switch);
        w.note(format!("{switch:?}: {answer:?}"));
        hits(w, way, program, Who::Own);
        let values = (w.value(leader), w.value(sibling));
        w.note(format!("values {values:?}"));
    }
}

fn precise(w: &mut dyn World, way: Way) {
    let walks = w.load(way, Program { r0: 1, walks: true, ..Program::default() });
    let plain = w.load(way, Program { r0: 1, ..Program::default() });
    let opened = w.open(way, Open { precise: true, ..Open::default() });
    w.note(format!("open: {:?}", opened.map(drop)));
    let Ok(event) = opened else { return };
    attach(w, way, walks, event, 1);
    attach(w, way, plain, event, 1);
    attach(w, way, walks, event, 1);
    let other = w.open(way, Open::default()).unwrap();
    attach(w, way, walks, other, 1);
    hits(w, way, walks, Who::Own);
    hits(w, way, plain, Who::Own);
}

fn queries(w: &mut dyn World, way: Way) {
    let event = w.open(way, Open::default()).unwrap();
    let answer = w.query(event, 64);
    w.note(format!("{answer:?}"));
    let (one, two) = (w.load(way, Program::default()), w.load(way, Program::default()));
    attach(w, way, one, event, 0);
    let beside = w.open(way, Open::default()).unwrap();
    attach(w, way, two, beside, 0);
    for max in [64, 2, 1] {
        let answer = w.query(event, max);
        w.note(format!("{max}: {answer:?}"));
    }
    w.close_event(beside);
    let answer = w.query(event, 64);
    w.note(format!("{answer:?}"));
}
