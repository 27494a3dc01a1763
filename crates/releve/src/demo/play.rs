//! The weekend being played: the story goes on, keys are obeyed, what changes is noted and shown.

use std::cell::RefCell;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use gateway::Shared;
use routing::State;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::cast::{SUPPLIERS, SupplierIndex};
use super::picture::{Moment, Picture, Standing, standings};
use super::screen::{Press, Screen};
use super::stage::Stage;
use super::story::{self, SCENES};
use super::tally::{EventKind, Tally};
use super::{DemoError, LONGEST_END};

/// Between two looks at everything.
const TICK: Duration = Duration::from_millis(100);
/// Invoices are asked for at every so many looks.
const TICKS_PER_INVOICE: u32 = 5;

/// See the module.
#[derive(Debug)]
pub(super) struct Play<'a> {
    pub(super) stage: Stage,
    pub(super) tally: Rc<RefCell<Tally>>,
    gateway: Shared,
    screen: Screen<'a>,
    /// How long the story takes.
    length: Duration,
    /// How much of that is over.
    played: Duration,
    moment: Moment,
    seen: Vec<Standing>,
    ticks: u32,
}

impl<'a> Play<'a> {
    pub(super) fn new(
        stage: Stage,
        tally: Rc<RefCell<Tally>>,
        gateway: Shared,
        screen: Screen<'a>,
        length: Duration,
    ) -> Self {
        let seen = standings(&gateway);
        let (played, moment) = (Duration::ZERO, Moment::default());
        Self { stage, tally, gateway, screen, length, played, moment, seen, ticks: 0 }
    }

    /// Plays to the end of the story, or until told to end.
    pub(super) async fn run(&mut self) -> Result<(), DemoError> {
        let mut told = pin!(told_to_end()?);
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last = Instant::now();
        self.enter(0).await?;
        loop {
            tokio::select! { now = ticks.tick() => self.go_on(now, &mut last), () = &mut told => return Ok(()) }
            for press in self.screen.presses()? {
                if !self.obey(press).await? {
                    return Ok(());
                }
            }
            if self.played >= self.length {
                return Ok(());
            }
            let scene = story::scene_at(self.moment.share);
            if scene != self.moment.scene {
                self.enter(scene).await?;
            }
            self.look().await?;
        }
    }

    /// Waits for the answers under way, still showing what happens.
    pub(super) async fn end(&mut self, mut traffic: JoinHandle<()>) -> Result<(), DemoError> {
        self.moment.ending = true;
        let mut ticks = interval(TICK);
        let waited = timeout(LONGEST_END, async {
            loop {
                tokio::select! { _ = ticks.tick() => self.look().await?, _ = &mut traffic => return Ok(()) }
            }
        });
        waited.await.unwrap_or_else(|_| Err(DemoError::Endless("the last answers did not end")))?;
        // The suppliers write their invoices when they have sent the last byte, which is a little later.
        let idle = timeout(LONGEST_END, self.stage.idle()).await;
        idle.map_err(|_| DemoError::Endless("the simulated suppliers did not come to rest"))?;
        self.take_invoices();
        self.look().await
    }

    fn go_on(&mut self, now: Instant, last: &mut Instant) {
        let since = now.saturating_duration_since(*last);
        *last = now;
        if !self.moment.paused {
            self.played += since;
        }
        self.moment.share = self.played.as_secs_f64() / self.length.as_secs_f64();
    }

    async fn enter(&mut self, scene: usize) -> Result<(), DemoError> {
        self.moment.scene = scene;
        let scene = &SCENES[scene];
        self.tally.borrow_mut().scene(format!("{}, {}.", scene.when, scene.title), scene.caption);
        for supplier in 0..SUPPLIERS.len() {
            self.stage.tell(supplier, scene.condition(supplier)).await?;
        }
        Ok(())
    }

    /// Does what a key asks for; `false` means the end.
    async fn obey(&mut self, press: Press) -> Result<bool, DemoError> {
        match press {
            Press::End => return Ok(false),
            Press::Pause => self.moment.paused = !self.moment.paused,
            Press::Toggle(supplier) => self.toggle(supplier).await?,
        }
        Ok(true)
    }

    async fn toggle(&mut self, supplier: SupplierIndex) -> Result<(), DemoError> {
        let cut = self.stage.toggle(supplier).await?;
        let name = SUPPLIERS[supplier].name;
        let words = if cut {
            format!("you cut {name}: it takes no request any more")
        } else {
            format!("you heal {name}")
        };
        self.note(EventKind::Hand, words);
        Ok(())
    }

    async fn look(&mut self) -> Result<(), DemoError> {
        self.ticks += 1;
        self.stage.shut_the_idle().await;
        if self.ticks.is_multiple_of(TICKS_PER_INVOICE) {
            self.take_invoices();
        }
        self.note_changes();
        let picture = Picture::of(&self.moment, &self.stage, &mut self.tally.borrow_mut(), &self.gateway);
        Ok(self.screen.show(&picture, &self.tally.borrow())?)
    }

    fn take_invoices(&mut self) {
        let lines = self.stage.new_invoice_lines();
        self.tally.borrow_mut().billed(lines);
    }

    /// What the gateway has learnt of the suppliers since the last look. Probes on the way are no news.
    fn note_changes(&mut self) {
        for (supplier, now) in standings(&self.gateway).into_iter().enumerate() {
            let before = self.seen[supplier].state;
            let name = SUPPLIERS[supplier].name;
            match (before, now.state) {
                (_, State::Due | State::Probing) => continue,
                (State::Healthy, State::Healthy) => {}
                (_, State::Healthy) => self.note(EventKind::Relief, format!("{name}: healthy again")),
                (before, after) if before == after => {}
                (_, _) => self.note(EventKind::Trouble, format!("{name}: {}", now.words)),
            }
            self.seen[supplier] = now;
        }
    }

    fn note(&self, kind: EventKind, words: String) {
        self.tally.borrow_mut().event(kind, words);
    }
}

/// Ctrl-C where no live view catches it, and whoever else wants the process to end.
fn told_to_end() -> std::io::Result<impl Future<Output = ()>> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
    })
}
