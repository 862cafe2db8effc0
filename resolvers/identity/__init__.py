"""Identity from other issuers: JSON Web Tokens, and the key sets that verify them."""
