//! What has no price: it is never nothing, in no answer, table or pack.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::serving::{Serving, ask};
use crate::{recorded, releve, run, supplier};

/// The demo's, where nobody says what the house's own model costs.
fn house_without_a_price() -> TempDir {
    let folder = recorded::folder();
    let path = folder.path().join("releve-demo.toml");
    let text = fs::read_to_string(&path).unwrap();
    let without = text.replace(", price = { input = \"0.20\", output = \"0.20\" }", "");
    assert_ne!(without, text);
    fs::write(path, without).unwrap();
    folder
}

/// A table of a pack, by lines.
fn table(folder: &Path, pack: &str, name: &str) -> Vec<String> {
    let bytes = fs::read(folder.join(pack)).unwrap();
    let files = evidence::read_archive(&bytes).unwrap();
    let (_, contents) = files.iter().find(|(file, _)| **file == name).unwrap();
    String::from_utf8(contents.to_vec()).unwrap().lines().map(str::to_owned).collect()
}

fn whatif(folder: &Path, more: &[&str]) -> crate::Ran {
    let asked =
        ["--config", "releve-demo.toml", "whatif", "--lose", "maker:openai", "--in-short", "--most", "500"];
    run(folder, &[&asked[..], more].concat())
}

#[test]
fn a_loss_that_moves_requests_to_who_has_no_price_saves_nothing() {
    let folder = house_without_a_price();
    let answer = whatif(folder.path(), &["--json"]).json();
    let search =
        answer["products"].as_array().unwrap().iter().find(|row| row["product"] == "search").unwrap();
    let house =
        search["carried_by"].as_array().unwrap().iter().find(|by| by[0] == "house/llama-3.3-70b").unwrap();
    assert_eq!(search["after"]["served_unpriced"]["value"], house[1], "{search}");
    assert!(house[1].as_f64().unwrap() > 0.1, "{search}");
    let shares = answer["shares"].as_array().unwrap();
    let own = shares.iter().find(|row| row["name"] == "own").unwrap();
    assert_eq!((&own["money_after"], &own["unpriced_after"]), (&Value::Null, &1.0.into()), "{own}");

    let words = whatif(folder.path(), &["--markdown"]).out;
    let row = words.lines().find(|line| line.starts_with("| search |")).unwrap();
    assert!(row.contains("% unpriced"), "{row}");
    let own = words.lines().find(|line| line.starts_with("| host:own |")).unwrap();
    assert!(own.ends_with("| unpriced → unpriced |") && words.contains("of the priced money"), "{own}");

    whatif(folder.path(), &["--pack", "it.zip"]);
    let shares = table(folder.path(), "it.zip", "data/shares.csv");
    let own = shares.iter().find(|line| line.starts_with("host,own,")).unwrap();
    let fields: Vec<&str> = own.split(',').collect();
    assert_eq!(fields[4..], ["", "", "1", "1"], "{own}");
}

/// An engine of which nobody said anything, products that asked nothing, and a target that only money decides.
#[test]
fn a_report_of_nothing_priced_says_so_everywhere() {
    let engine = supplier::answering();
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"\n\
         [ledger]\nurl = \"sqlite:releve.db\"\n\
         [providers.house]\npreset = \"vllm\"\nbase_url = \"{}\"\n\
         contract = {{ commitment = {{ amount = \"9\", currency = \"CHF\", per = \"day\" }} }}\n\
         [routes.chat]\ndeployments = [\"house/m\"]\n\
         [targets]\nmax_share = {{ provider = 1.0, of = \"money\" }}\n\
         [products.bot]\nroutes = [\"chat\"]\n[products.idle]\nroutes = [\"chat\"]\n",
        engine.openai_base_url()
    );
    fs::write(folder.path().join("releve.toml"), text).unwrap();
    {
        let (_serving, greeting) = Serving::start(releve(folder.path(), &["serve", "--json"]));
        let listen = greeting["listen"].as_str().unwrap().trim_start_matches("http://");
        for _ in 0..3 {
            let reply = ask(listen, "chat");
            assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
        }
    }
    let words = run(folder.path(), &["report", "--markdown"]);
    assert_eq!(words.code, Some(1), "a target that nobody can know is not met: {words:?}");
    for said in [
        "for how much is unknown: none of it has a price",
        "no request came from bot and idle",
        "give a price to whatever has none",
        "nobody has written down what CHF is worth",
        "| house | 3 | 100\u{a0}% |",
    ] {
        assert!(words.out.contains(said), "{said}: {}", words.out);
    }
    assert!(!words.out.contains("0 USD"), "{}", words.out);
    let figures: Value = serde_json::from_str(&run(folder.path(), &["report", "--json"]).out).unwrap();
    assert_eq!(
        (&figures["idle"], &figures["targets"][0]["met"]),
        (&serde_json::json!(["bot", "idle"]), &Value::Null)
    );

    run(folder.path(), &["report", "--pack", "it.zip"]);
    let row = |name: &str, begins: &str| -> Vec<String> {
        let table = table(folder.path(), "it.zip", name);
        let [heads, row] = [&table[0], table.iter().find(|line| line.starts_with(begins)).unwrap()];
        let columns = heads.split(',').zip(row.split(','));
        columns
            .filter(|(head, _)| head.contains("cost") || *head == "unpriced")
            .map(|(_, cell)| cell.to_owned())
            .collect()
    };
    assert_eq!(row("data/shares.csv", "provider,house,"), ["", "3", ""]);
    assert_eq!(row("data/products.csv", "local,"), ["", "3"]);
    assert_eq!(row("data/accounts.csv", "house,"), ["", "3"]);
}
