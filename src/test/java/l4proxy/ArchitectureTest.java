package l4proxy;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Holds the arrows between the packages, and what is kept to one class. */
class ArchitectureTest {
  /** What each package may depend on, of ours; only listed packages exist. */
  private static final Map<String, Set<String>> ARROWS =
      Map.ofEntries(
          Map.entry("l4proxy", Set.of("cli")),
          Map.entry("cli", Set.of("server", "client", "api", "http", "auth", "net", "events")),
          Map.entry("api", Set.of("server", "auth", "events", "net", "http")),
          Map.entry("server", Set.of("wire", "net", "auth", "events", "http")),
          Map.entry("client", Set.of("wire", "net", "auth", "events", "http")),
          Map.entry("http", Set.of("net")),
          Map.entry("auth", Set.of("net")),
          Map.entry("wire", Set.of("net")),
          Map.entry("events", Set.of("net")),
          Map.entry("net", Set.of()));

  private static final JavaClasses PROGRAM =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("l4proxy");

  @Test
  void packagesDependOnlyDownwards() {
    ARROWS.forEach((name, allowed) -> {
      var forbidden = new TreeSet<>(ARROWS.keySet());
      forbidden.remove(name);
      forbidden.removeAll(allowed);
      noClasses()
          .that()
          .resideInAPackage(packageOf(name))
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              forbidden.stream().map(ArchitectureTest::packageOf).toArray(String[]::new))
          .allowEmptyShould(true)
          .check(PROGRAM);
    });
  }

  @Test
  void everyPackageIsFlatAndHasItsArrows() {
    var unknown = new TreeSet<String>();
    PROGRAM.forEach(c -> unknown.add(c.getPackageName()));
    ARROWS.keySet().forEach(name -> unknown.remove(packageOf(name)));
    assertEquals(Set.of(), unknown);
  }

  @Test
  void packagesHaveNoCycles() {
    slices()
        .matching("l4proxy.(*)")
        .should()
        .beFreeOfCycles()
        .allowEmptyShould(true)
        .check(PROGRAM);
  }

  @Test
  void onlyRelayHasTaskScopes() {
    noClasses()
        .that(DescribedPredicate.not(nameMatching("l4proxy\\.net\\.Relay(\\$.*)?")))
        .should()
        .dependOnClassesThat(nameMatching("java\\.util\\.concurrent\\.StructuredTaskScope(\\$.*)?"))
        .allowEmptyShould(true)
        .check(PROGRAM);
  }

  /** {@code Type} is how gson names what it reads and writes. */
  @Test
  void nothingUsesReflection() {
    DescribedPredicate<JavaClass> reflection =
        resideInAPackage("java.lang.reflect..")
            .and(DescribedPredicate.not(nameMatching("java\\.lang\\.reflect\\.Type")))
            .as("are in java.lang.reflect and not Type");
    noClasses().should().dependOnClassesThat(reflection).allowEmptyShould(true).check(PROGRAM);
  }

  private static String packageOf(String name) {
    return name.equals("l4proxy") ? name : "l4proxy." + name;
  }
}
