//! The products at work: a steady, seeded load over real connections, each answer judged as an SDK would judge it.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use routing::Dice;
use secrecy::SecretString;
use tokio::task::JoinSet;
use tokio::time::{sleep_until, timeout};
use upstream::{Pool, TargetOptions, TcpDial};

use super::cast::{self, PRODUCTS, Product, ProductIndex};
use super::tally::Tally;
use crate::client::{Client, Head, NoClient, Question, Trouble, Unanswered};

/// A product's patience. Far beyond what any scene asks for; an SDK would wait ten times as long.
const PATIENCE: Duration = Duration::from_mins(1);
/// The most that a product lets a model write, in tokens.
const MOST_TOKENS: u32 = 256;

/// The products and how they reach the gateway.
#[derive(Debug)]
pub(super) struct Traffic {
    products: Vec<Rc<AtWork>>,
    rate: f64,
    dice: Dice,
}

#[derive(Debug)]
struct AtWork {
    index: ProductIndex,
    client: Client,
    system: String,
}

/// One request to come: drawn in a row, so that a seed gives the same questions whatever the answers are.
#[derive(Debug, Clone, PartialEq)]
struct Drawn {
    after: Duration,
    product: ProductIndex,
    question: usize,
    stream: bool,
}

impl Traffic {
    /// Products with these keys, in their order, that ask `rate` questions a second together.
    pub(super) fn new(
        gateway: SocketAddr,
        keys: &[SecretString],
        seed: u64,
        rate: f64,
    ) -> Result<Self, NoClient> {
        let pool = Rc::new(Pool::new(TcpDial));
        let url = format!("http://{gateway}");
        let at_work = |(index, (product, key)): (usize, (&Product, &SecretString))| {
            let options = TargetOptions::default();
            let client = Client::new(Rc::clone(&pool), &url, product.protocol, Some(key), options)?;
            let system = if product.has_handbook {
                format!("{}\n{}", product.system, cast::handbook())
            } else {
                product.system.to_owned()
            };
            Ok(Rc::new(AtWork { index, client, system }))
        };
        let products = PRODUCTS.iter().zip(keys).enumerate().map(at_work).collect::<Result<_, NoClient>>()?;
        Ok(Self { products, rate, dice: Dice::new(seed) })
    }

    /// Asks until dropped or told to stop; then waits for the answers under way. Run it with `spawn_local`.
    pub(super) async fn run(
        mut self,
        tally: Rc<RefCell<Tally>>,
        mut stop: tokio::sync::watch::Receiver<bool>,
    ) {
        let mut under_way = JoinSet::new();
        let mut next = Instant::now();
        loop {
            let drawn = draw(&mut self.dice, self.rate);
            next += drawn.after;
            tokio::select! {
                () = sleep_until(next.into()) => {}
                _ = stop.wait_for(|stop| *stop) => break,
            }
            let (product, tally) = (Rc::clone(&self.products[drawn.product]), Rc::clone(&tally));
            under_way.spawn_local(async move { ask(&product, &drawn, &tally).await });
            while under_way.try_join_next().is_some() {}
        }
        under_way.join_all().await;
    }
}

async fn ask(product: &AtWork, drawn: &Drawn, tally: &RefCell<Tally>) {
    let cast = &PRODUCTS[product.index];
    let question = Question {
        model: cast.route,
        system: Some(&product.system),
        user: cast.questions[drawn.question],
        stream: drawn.stream,
        max_tokens: Some(MOST_TOKENS),
    };
    tally.borrow_mut().asked(product.index);
    let answered = timeout(PATIENCE, product.client.ask(&question, |_| {})).await;
    let mut tally = tally.borrow_mut();
    match answered {
        Ok(Ok(answer)) => tally.answered(product.index, answer),
        Ok(Err(why)) => tally.failed(product.index, &why),
        Err(_) => {
            let trouble = Trouble::Broken(format!("no answer within {PATIENCE:?}"));
            tally.failed(product.index, &Unanswered { head: Head::default(), trouble });
        }
    }
}

/// The next request of a Poisson stream.
fn draw(dice: &mut Dice, rate: f64) -> Drawn {
    // 1 - x is never 0, so its logarithm is finite.
    let gap = -(1.0 - dice.unit_f64()).ln() / rate;
    let product = product_at(dice.unit_f64() * 100.0);
    Drawn {
        after: Duration::try_from_secs_f64(gap).unwrap_or(PATIENCE),
        product,
        question: index_below(dice, PRODUCTS[product].questions.len()),
        stream: dice.unit_f64() < PRODUCTS[product].streams,
    }
}

/// Which product a number from 0 to 100 falls to.
fn product_at(hundredths: f64) -> ProductIndex {
    let mut end = 0;
    let drawn = PRODUCTS.iter().position(|product| {
        end += product.share;
        hundredths < f64::from(end)
    });
    drawn.unwrap_or(PRODUCTS.len() - 1)
}

fn index_below(dice: &mut Dice, limit: usize) -> usize {
    usize::try_from(dice.next_u64() % limit as u64).expect("below a length")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_load_and_its_rate_holds() {
        let drawn = |seed| {
            let mut dice = Dice::new(seed);
            (0..3000).map(|_| draw(&mut dice, 50.0)).collect::<Vec<_>>()
        };
        assert_eq!(drawn(7), drawn(7));
        assert_ne!(drawn(7)[..10], drawn(8)[..10]);
        let whole: Duration = drawn(7).iter().map(|drawn| drawn.after).sum();
        assert!((55.0..65.0).contains(&whole.as_secs_f64()), "{whole:?}");
        let code = drawn(7).iter().filter(|drawn| drawn.product == 1).count();
        assert!((500..700).contains(&code), "{code}");
    }
}
